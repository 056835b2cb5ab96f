"""What is built once and kept is built again when code that decides it changes: the lists of that code are complete."""

import grimp
import pytest

from s2f.corpus import portraits, speech_faces
from s2f.stages import generate_faces

# Imported by what makes rows, and no part of what is in them.
VALUES_IN_THE_KEY = {  # as items, parameters or columns
    "s2f.corpus.cliplist",
    "s2f.corpus.labels",
    "s2f.corpus.plan",
    "s2f.corpus.splits",
    "s2f.dataset.schemas",
    "s2f.params.base",
    "s2f.params.face_models",
    "s2f.params.fetching",
    "s2f.params.portraits",
    "s2f.params.spectrogram",
    "s2f.params.speech_faces",
}
LEDGER_ALONE = {  # says how items ended; how a video or picture is got does not change what is in it
    "s2f.corpus.ledger",
    "s2f.corpus.pictures.archive_tar",
    "s2f.corpus.pictures.archive_zip",
    "s2f.corpus.pictures.folder",
    "s2f.corpus.pictures.members",
    "s2f.corpus.pictures.names",
    "s2f.corpus.pictures.opening",
    "s2f.corpus.pictures.parquet",
    "s2f.corpus.pictures.parquet_file",
    "s2f.corpus.pictures.source",
    "s2f.corpus.pictures.tar_headers",
    "s2f.corpus.fetching",
    "s2f.media.addresses",
    "s2f.media.answers",
    "s2f.media.breaker",
    "s2f.media.connections",
    "s2f.media.downloader",
    "s2f.media.failures",
    "s2f.media.fetch",
    "s2f.media.fetched",
    "s2f.media.formats",
    "s2f.media.guard",
    "s2f.media.pace",
    "s2f.media.patience",
    "s2f.media.playlists",
    "s2f.media.ranges",
    "s2f.media.sections",
    "s2f.media.serving",
    "s2f.media.stopping",
    "s2f.media.store",
    "s2f.media.urls",
}
NO_NUMBER = {  # how a library is loaded and silenced; commands, logging, file hashes
    "s2f.audio.torchaudio_import",
    "s2f.faces.quiet",
    "s2f.runtime",
    "s2f.timing",
}
BUILT = {
    "s2f.corpus.clip_rows": (speech_faces.CODE, VALUES_IN_THE_KEY | LEDGER_ALONE | NO_NUMBER),
    "s2f.corpus.picture_rows": (portraits.CODE, VALUES_IN_THE_KEY | LEDGER_ALONE | NO_NUMBER),
    "s2f.stages.generate_faces": (
        generate_faces.CODE,
        {
            "s2f.audio.spectrogram",  # voices come as spectrograms, not as files or samples
            "s2f.audio.speech",
            "s2f.audio.torchaudio_import",
            "s2f.audio.voice",
            "s2f.decoding",
            "s2f.pipeline.voices",
            "s2f.code",  # makes the key
            "s2f.dataset.schemas",  # a shard of other columns is not kept
            "s2f.models.saving",  # writes what training made; a model's file is in the key by its hash
            "s2f.pipeline.asking",  # how users ask
            "s2f.pipeline.drawing",  # in the key by its values
            "s2f.pipeline.folder",
            "s2f.pipeline.parts",
            "s2f.pipeline.placing",
            "s2f.params.base",  # parameters and the models' configurations are in the key by their values
            "s2f.params.diffusion",
            "s2f.params.face_decoder",
            "s2f.params.generation",
            "s2f.params.samplers",
            "s2f.params.spectrogram",
            "s2f.params.speech_encoder",
            "s2f.params.super_resolution",
            "s2f.timing",
        },
    ),
}


@pytest.mark.parametrize("module", BUILT)
def test_the_code_of_a_row_is_all_it_imports_but_for_what_is_excused(graph: grimp.ImportGraph, module: str) -> None:
    code, excused = BUILT[module]
    imported = {module} | {name for name in graph.find_upstream_modules(module) if name.startswith("s2f.")}
    packages = {name for name in imported if graph.find_children(name)}  # empty __init__.py files
    assert imported - packages - excused == set(code)


def test_nothing_is_excused_that_nobody_imports(graph: grimp.ImportGraph) -> None:
    imported = {name for module in BUILT for name in graph.find_upstream_modules(module)}
    assert {name for _, excused in BUILT.values() for name in excused} - imported == set()

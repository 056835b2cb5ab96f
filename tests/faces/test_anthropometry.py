from s2f.faces.anthropometry import MEASURES, POINTS, TABLE, spelled


def test_there_are_the_papers_eleven():
    assert MEASURES == (
        "upper_lip_height",
        "lateral_upper_lip_height",
        "jaw_width",
        "nose_height",
        "nose_width",
        "labio_oral_region",
        "mandibular_index",
        "intercanthal_index",
        "nasal_index",
        "vermilion_height_index",
        "mouth_face_width_index",
    )
    for entry in TABLE.values():
        assert entry.source.startswith("Farkas 1994")
        assert set(entry.certainty) == {"mesh", "dlib"}


def test_dlibs_points_are_those_of_the_field():
    assert [spelled(name, "dlib") for name in MEASURES] == [
        "33–62+66",
        "mean of 32–50 and 34–52",
        "4–12",
        "27–33",
        "31–35",
        "48–54",
        "(62+66–8)/(4–12)",
        "(39–42)/(36–45)",
        "(31–35)/(27–33)",
        "(51–62+66)/(62+66–57)",
        "(48–54)/(2–14)",
    ]
    certainty = {name: entry.certainty["dlib"] for name, entry in TABLE.items()}
    assert {name for name, sure in certainty.items() if sure == "low"} == {
        "lateral_upper_lip_height",
        "mouth_face_width_index",
    }
    assert {name for name, sure in certainty.items() if sure == "medium"} == {"jaw_width", "mandibular_index"}


def test_the_mesh_has_a_point_for_each():
    assert spelled("mandibular_index", "mesh") == "(13+14–152)/(172–397)"
    assert spelled("lateral_upper_lip_height", "mesh") == "mean of 97–37 and 326–267"


def test_every_point_is_used_and_in_range():
    words = " ".join(entry.definition for entry in TABLE.values())
    for name, point in POINTS.items():
        assert name.split("_")[0] in words
        assert max(point.mesh) < 478 and max(point.dlib) < 68

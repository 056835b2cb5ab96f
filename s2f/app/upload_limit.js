// A file that is too large is refused with a sentence before it is sent; Gradio's own page says "Error" and no more.
// MOST is put in by serving.py: bytes.
() => {
  const refuse = (event, files) => {
    const large = [...(files ?? [])].find((file) => file.size > MOST);
    if (!large) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (event.type === "change") event.target.value = "";
    const said = `${large.name}: more than ${MOST / 2 ** 20} MB; cut out some seconds of one speaker.`;
    document.querySelector("[role=status]").textContent = said;
  };
  document.addEventListener("change", (event) => refuse(event, event.target.files), true);
  document.addEventListener("drop", (event) => refuse(event, event.dataTransfer?.files), true);
};

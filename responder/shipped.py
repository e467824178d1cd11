"""Where the files are that travel with the program: rules, Alertmanager's files, dashboards."""

from importlib.resources import files
from pathlib import Path

__all__ = ["shipped_folder"]


def shipped_folder(name: str) -> Path:
    """Return the folder of this name: that of an installed wheel, else that of the repository."""
    package = Path(str(files("responder")))
    places = (package / "shipped" / name, package.parent / name)
    for folder in places:
        if folder.is_dir():
            return folder
    looked = " and ".join(str(folder) for folder in places)
    raise FileNotFoundError(
        f"the shipped folder {name!r} is in neither of {looked}; install responder again"
    )

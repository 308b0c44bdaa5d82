"""The files of the data set, from a directory or from a .tar.gz of them."""

import csv
import io
import tarfile
from pathlib import Path

FILES = {
    "orders": "olist_orders",
    "items": "olist_order_items",
    "payments": "olist_order_payments",
    "customers": "olist_customers",
    "products": "olist_products",
    "categories": "product_category_name_translation",
}


def read(path: Path) -> dict[str, list[dict[str, str]]]:
    """The rows of each file. Kaggle's names, which end with `_dataset`, are as good."""
    texts = from_directory(path) if path.is_dir() else from_archive(path)
    named = {name.removesuffix(".csv").removesuffix("_dataset"): text for name, text in texts}
    absent = [file for file in FILES.values() if file not in named]
    if absent:
        raise SystemExit(f"{path} has no {', '.join(absent)}")
    return {name: list(csv.DictReader(io.StringIO(named[file], newline=""))) for name, file in FILES.items()}


def from_directory(path: Path) -> list[tuple[str, str]]:
    return [(file.name, file.read_text(encoding="utf-8-sig")) for file in path.glob("*.csv")]


def from_archive(path: Path) -> list[tuple[str, str]]:
    with tarfile.open(path) as archive:
        files = [member for member in archive.getmembers() if member.isfile() and member.name.endswith(".csv")]
        return [(Path(file.name).name, archive.extractfile(file).read().decode("utf-8-sig")) for file in files]

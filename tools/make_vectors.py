# SPDX-License-Identifier: EUPL-1.2
"""Write tests/vectors/ again: `python -m tools.make_vectors`.

Keys and sealed blocks are random by nature: those that are already there are kept, the rest is derived from
them.
"""

import json
from collections.abc import Iterable

from tools import vector_blocks, vector_keys, vector_texts
from tools.vector_blocks import FOLDER, Vector


def main() -> None:
    vector_keys.make_missing()
    _write("blocks", vector_blocks.blocks())
    _write("messages", vector_blocks.messages())
    _write("lengths", vector_texts.lengths())
    _write("canonical", vector_texts.canonical_forms())
    _write("manifests", vector_texts.manifests())
    _write("indexes", vector_texts.indexes())
    _write("challenges", vector_texts.challenges())


def _write(name: str, vectors: Iterable[Vector]) -> None:
    found = list(vectors)
    if len({vector["name"] for vector in found}) != len(found):
        raise ValueError(f"two vectors of {name} have the same name")
    lines = ",\n".join(json.dumps(vector, ensure_ascii=True, sort_keys=True) for vector in found)
    (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()

"""Write tests/reference/tokenizer-cases.json: prompts and the ids that transformers' CLIPTokenizer gives them.

python tools/make_tokenizer_cases.py [--model public/models/toybox-256] [--out tests/reference]
"""

import argparse
import json
from pathlib import Path

import transformers
from transformers import CLIPTokenizer

PROMPTS = [
    "photo of a bear on the beach",
    "",
    "A PHOTO of a Bear, on the   beach!",
    "motorboat's wonderful éclair 42",
    "日本語 and emoji 🧸 together",
    "tabs\tand\nnewlines",
    "don't you're we'll I'm they've he'd it's",
    "under_score-hyphen/slash (parentheses) [brackets] 3.14",
    "photo of a bear " * 30,
    "supercalifragilisticexpialidocious " * 12,
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("public/models/toybox-256"))
    parser.add_argument("--out", type=Path, default=Path("tests/reference"))
    arguments = parser.parse_args()
    tokenizer = CLIPTokenizer.from_pretrained(arguments.model / "tokenizer")
    cases = []
    for prompt in PROMPTS:
        padded = tokenizer(prompt, padding="max_length", truncation=True, max_length=77).input_ids
        whole = tokenizer(prompt, add_special_tokens=False).input_ids
        cases.append({"prompt": prompt, "ids": padded, "tokens": len(whole)})
    made = {
        "tool": "tools/make_tokenizer_cases.py",
        "transformers": transformers.__version__,
        "cases": cases,
    }
    (arguments.out / "tokenizer-cases.json").write_text(json.dumps(made, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

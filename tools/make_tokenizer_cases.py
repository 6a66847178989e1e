"""Write prompts and the ids that transformers' CLIPTokenizer gives them.

python tools/make_tokenizer_cases.py [--model public/models/toybox-256] [--out tests/reference]

tokenizer-cases.json       as the model's tokenizer is
modifier-token-cases.json  with new words added by add_tokens
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

MODIFIER_TOKENS = ["<new1>", "<new11>", "<Plüsch-Bär>"]
MODIFIER_PROMPTS = [
    "<new1>",
    "<new1> bear on the beach",
    "photo of a <new1>",
    "photo of a <new1> bear and a <new11> barn",
    "a <new1> <new1> bear, <new1>",
    "a <new1>,<new11>.<new1>! (<new1>) '<new1>'s \"<new1>\"",
    "a<new1>b<new11>c",
    "PHOTO OF A <NEW1> BEAR",
    "the <plüsch-bär>, the <PLU\u0308SCH-BÄR>",
    "<<new1>> <new1>> <new12> <new 1> < new1> <new1 new1> <new",
    "!!<foo>!! <new1> !!",
    "\tthe  <new1>\n bear ",
    "photo of a bear " * 18 + "<new1> bear on a <new11> <new1> beach",
    "<new1> " * 80,
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("public/models/toybox-256"))
    parser.add_argument("--out", type=Path, default=Path("tests/reference"))
    arguments = parser.parse_args()
    tokenizer = CLIPTokenizer.from_pretrained(arguments.model / "tokenizer")
    write(arguments.out / "tokenizer-cases.json", cases(tokenizer, PROMPTS))
    tokenizer.add_tokens(MODIFIER_TOKENS)
    write(
        arguments.out / "modifier-token-cases.json",
        cases(tokenizer, MODIFIER_PROMPTS),
        vocabulary=tokenizer.vocab_size,
        modifier_tokens=MODIFIER_TOKENS,
    )


def cases(tokenizer: CLIPTokenizer, prompts: list[str]) -> list[dict[str, object]]:
    """Padded ids of each prompt, and how many tokens it has."""
    out = []
    for prompt in prompts:
        padded = tokenizer(prompt, padding="max_length", truncation=True, max_length=77).input_ids
        whole = tokenizer(prompt, add_special_tokens=False).input_ids
        out.append({"prompt": prompt, "ids": padded, "tokens": len(whole)})
    return out


def write(path: Path, made: list[dict[str, object]], **facts: object) -> None:
    """The cases after what made them."""
    facts = {
        "tool": "tools/make_tokenizer_cases.py",
        "transformers": transformers.__version__,
        **facts,
        "cases": made,
    }
    path.write_text(json.dumps(facts, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

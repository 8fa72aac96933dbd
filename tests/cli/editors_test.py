"""tools/editors: every word of the lexer and every layer of the op table has its colour, in each of the three files, and the TextMate
grammar colours the programs of the repository as the lexer reads them."""

import json
import re
import unittest

from command_line import SOURCE

EDITORS = SOURCE / "tools" / "editors"
GRAMMAR = EDITORS / "vscode" / "syntaxes" / "d2nn.tmLanguage.json"
LEXER = (SOURCE / "grammar" / "D2nnLexer.g4").read_text()

WORDS = re.findall(r"^[A-Z]+ : '([a-z]+)' ;", LEXER, re.MULTILINE)
SIGNS = re.findall(r"^[A-Z_]+ : '([^a-z']+)' ;", LEXER, re.MULTILINE)
# A section of docs/ops.md for each layer; `concat` is an operator that is written like one.
LAYERS = re.findall(r"^## (\w+)$", (SOURCE / "docs" / "ops.md").read_text(), re.MULTILINE) + ["concat"]

# The lexer once more, as far as colours need it, independent of the grammar for editors.
TOKEN = re.compile(r"(?P<documentation>///(?!/)[^\n]*)|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<string>\"[^\"\n]*\")"
                   r"|(?P<float>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)|(?P<dims>\d+(?:x\d+)+)|(?P<integer>\d+)"
                   r"|(?P<word>[A-Za-z_]\w*)|(?P<sign>->|~>|\.\.|==|!=|<=|>=|&&|\|\||[^\s\w])", re.DOTALL)


class TextMate:
    """The part of TextMate that the grammar uses: match with captures, begin and end, includes of the repository."""

    def __init__(self, grammar):
        self.grammar = grammar
        self.rules = list(self.flatten(grammar["patterns"]))

    def flatten(self, patterns):
        for pattern in patterns:
            if "include" in pattern:
                yield from self.flatten(self.grammar["repository"][pattern["include"][1:]]["patterns"])
            else:
                yield {**pattern, "regex": re.compile(pattern.get("match") or pattern["begin"])}

    def scopes(self, text):
        """The scope of each character, or None."""
        scopes, inside, offset = [None] * len(text), None, 0
        for line in text.split("\n"):
            at = 0
            while at < len(line):
                if inside:
                    end = re.compile(inside["end"]).search(line, at)
                    stop = end.end() if end else len(line)
                    self.paint(scopes, offset + at, offset + stop, inside["name"])
                    at, inside = stop, None if end else inside
                    continue
                found = [(match.start(), number) for number, rule in enumerate(self.rules) if (match := rule["regex"].search(line, at))]
                if not found:
                    break
                start, number = min(found)
                rule = self.rules[number]
                match = rule["regex"].search(line, at)
                if "name" in rule:
                    self.paint(scopes, offset + start, offset + match.end(), rule["name"])
                for group, capture in rule.get("captures", {}).items():
                    self.paint(scopes, offset + match.start(int(group)), offset + match.end(int(group)), capture["name"])
                if "begin" in rule:
                    inside = rule
                at = max(match.end(), at + 1)
            offset += len(line) + 1
        return scopes

    @staticmethod
    def paint(scopes, begin, end, name):
        scopes[begin:end] = [name] * (end - begin)


def programs():
    """Texts of the examples, the library and the golden cases that parse."""
    paths = [*SOURCE.glob("examples/**/*.d2nn"), *SOURCE.glob("stdlib/*.d2nn"), *SOURCE.glob("tests/golden/**/good_*.d2nn")]
    return [(path, path.read_text()) for path in sorted(paths)]


class Editors(unittest.TestCase):
    maxDiff = None

    def test_the_lists_that_are_compared_with_are_found(self):
        self.assertGreater(len(WORDS), 20)
        self.assertGreater(len(SIGNS), 20)
        self.assertGreater(len(LAYERS), 15)

    def test_the_files_of_the_extension_are_json_and_name_each_other(self):
        package = json.loads((EDITORS / "vscode" / "package.json").read_text())
        configuration = json.loads((EDITORS / "vscode" / "language-configuration.json").read_text())
        grammar = json.loads(GRAMMAR.read_text())
        language, = package["contributes"]["languages"]
        reference, = package["contributes"]["grammars"]
        self.assertEqual((language["id"], language["extensions"], reference["language"]), ("d2nn", [".d2nn"], "d2nn"))
        self.assertTrue((EDITORS / "vscode" / language["configuration"]).is_file())
        self.assertEqual((EDITORS / "vscode" / reference["path"]).resolve(), GRAMMAR)
        self.assertEqual(grammar["scopeName"], reference["scopeName"])
        self.assertEqual(configuration["comments"], {"lineComment": "//", "blockComment": ["/*", "*/"]})
        version = re.search(r"project\(d2nn VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual(package["version"], version)

    def test_every_word_sign_and_layer_has_its_scope(self):
        scopes = TextMate(json.loads(GRAMMAR.read_text())).scopes
        for word in WORDS:
            expected = "constant.language.boolean" if word in ("true", "false") else ("storage.type", "keyword.")
            self.assertTrue((scopes(word)[0] or "").startswith(expected), word)
            self.assertIsNone(scopes(word + "_2")[0], word)
        for layer in LAYERS:
            self.assertEqual(scopes(f"x -> {layer}(3)")[5:5 + len(layer)], ["support.function.layer.d2nn"] * len(layer), layer)
        for sign in SIGNS:
            if sign not in "{}()[]." and not sign.startswith("/*"):
                self.assertRegex(scopes(sign)[0] or "", r"^(keyword\.operator|punctuation)\.", sign)

    def test_no_word_is_coloured_that_the_language_does_not_have(self):
        grammar = json.loads(GRAMMAR.read_text())
        coloured = {word for rule in grammar["repository"]["words"]["patterns"] for word in re.findall(r"[a-z]{2,}", rule["match"])}
        self.assertEqual(coloured, set(WORDS))
        layers, = [rule["match"] for rule in grammar["repository"]["names"]["patterns"] if "layer" in rule["name"]]
        self.assertEqual(set(re.findall(r"[a-z_0-9]{2,}", layers)), set(LAYERS))

    def test_vim_and_emacs_know_the_same_words_and_layers(self):
        vim = re.findall(r"^syntax keyword d2nn(\w+) (.*)$", (EDITORS / "vim" / "syntax" / "d2nn.vim").read_text(), re.MULTILINE)
        words = {word for group, line in vim if group in ("Declaration", "Statement", "Boolean", "Word") for word in line.split()}
        self.assertEqual(words, set(WORDS))
        self.assertEqual({word for group, line in vim if group == "Layer" for word in line.split()}, set(LAYERS))
        emacs = (EDITORS / "emacs" / "d2nn-mode.el").read_text()
        lists = {name: set(re.findall(r'"(\w+)"', body)) for name, body in re.findall(r"\(defconst d2nn-(words|layers)\s+'\(([^)]*)\)", emacs)}
        self.assertEqual(lists, {"words": set(WORDS) - {"true", "false"}, "layers": set(LAYERS)})

    def test_the_programs_of_the_repository_are_coloured_as_they_are_read(self):
        textmate = TextMate(json.loads(GRAMMAR.read_text()))
        expected = {"documentation": r"comment\.line\.documentation", "comment": r"comment\.", "string": r"string\.quoted",
                    "float": r"constant\.numeric\.float", "dims": r"constant\.numeric\.dims", "integer": r"constant\.numeric\.integer"}
        seen = set()
        for path, text in programs():
            scopes = textmate.scopes(text)
            is_label = False
            for token in TOKEN.finditer(text):
                kind, spelling = token.lastgroup, token.group()
                # The steps of a label may be numbers and words: `as layer2.0`.
                behind = text[max(0, token.start() - 20):token.start()]
                is_label = bool(re.search(r"\bas\s+[\w.]*\.?$", text[:token.start()][-80:]))
                wanted = expected.get(kind)
                if kind == "word" and spelling in WORDS and not is_label and not re.match(r"\s*:", text[token.end():]):
                    wanted = r"storage\.type|keyword\.|constant\.language"
                if wanted is None or is_label:
                    continue
                found = set(scopes[token.start():token.end()])
                place = f"{path}:{text.count(chr(10), 0, token.start()) + 1}: `{spelling}` behind `{behind}`"
                self.assertTrue(all(scope and re.match(wanted, scope) for scope in found), f"{place} is {found}, not {wanted}")
                seen.add(kind)
        self.assertEqual(seen, {*expected, "word"})


if __name__ == "__main__":
    unittest.main(verbosity=2)

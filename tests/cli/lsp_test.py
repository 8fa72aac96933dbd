"""d2nn lsp, spoken to over its pipes as an editor does."""

import json
import pathlib
import subprocess
import unittest

from command_line import EXAMPLES, PROGRAM, SOURCE, CommandLineTest

TEXT = """import std.vision;
const wide = 16;
/// A hidden layer.
block hidden(units: int = 8)(x) { x -> dense(units) -> relu }

/// Two ways. é𝄞
network net(classes: int = 2) {
  input image: f32[3, 8, 8]; /* é𝄞 */ node stem { vision.conv_relu(wide) }
  node left { hidden -> dense(classes) }
  node right(a, b join sum) { let sum = a + b; return sum -> dense(classes); }
  control Q { dense(actions) }
  for i in 0..2 { node leaf[i] { relu } }
  output scores: f32[classes] join last;
  image -> stem -> left, Q, leaf;
  leaf -> right.b;
  stem -> right.a;
  left, right -> scores;
  Q ~> one: left, other: right;
}
"""


class Client:
    def __init__(self, test):
        self.process = subprocess.Popen([PROGRAM, "lsp", "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        test.addCleanup(self.kill)
        self.next_id = 0
        self.published = {}

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def send_bytes(self, payload):
        self.process.stdin.write(payload)
        self.process.stdin.flush()

    def send(self, message):
        body = json.dumps(dict(message, jsonrpc="2.0")).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def receive(self):
        length = None
        while (line := self.process.stdout.readline().strip()) != b"":
            key, _, value = line.partition(b":")
            if key.lower() == b"content-length":
                length = int(value)
        return json.loads(self.process.stdout.read(length)) if length is not None else None

    def request(self, method, params=None):
        """The answer; notifications that come before it are kept."""
        self.next_id += 1
        self.send({"id": self.next_id, "method": method, "params": params or {}})
        while (message := self.receive()) is not None:
            if message.get("id") == self.next_id:
                return message
            if message.get("method") == "textDocument/publishDiagnostics":
                self.published[message["params"]["uri"]] = message["params"]
        return None

    def notify(self, method, params=None):
        self.send({"method": method, "params": params or {}})

    def ask(self, method, uri, **params):
        answer = self.request("textDocument/" + method, {"textDocument": {"uri": uri}, **params})
        return answer["result"]


def place(text, needle, offset=0, nth=0):
    """The protocol's position of the nth occurrence of `needle`, plus `offset` characters."""
    at = -1
    for _ in range(nth + 1):
        at = text.index(needle, at + 1)
    line = text.count("\n", 0, at)
    column = at - (text.rfind("\n", 0, at) + 1)
    before = text.split("\n")[line][:column]
    return {"line": line, "character": len(before.encode("utf-16-le")) // 2 + offset}


class Lsp(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.client = Client(self)
        answer = self.client.request("initialize", {"capabilities": {}})
        self.assertEqual(answer["result"]["capabilities"]["textDocumentSync"]["change"], 2)
        self.client.notify("initialized")
        self.uri = (self.folder / "net.d2nn").as_uri()
        self.open(self.uri, TEXT)

    def open(self, uri, text):
        self.client.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "d2nn", "version": 1, "text": text}})

    def change(self, changes, version=2, uri=None):
        self.client.notify("textDocument/didChange", {"textDocument": {"uri": uri or self.uri, "version": version}, "contentChanges": changes})

    def diagnostics(self, uri=None):
        self.client.ask("documentSymbol", self.uri)  # by then all that was sent before is published
        return self.client.published[uri or self.uri]["diagnostics"]

    def hover(self, needle, offset=0, nth=0):
        result = self.client.ask("hover", self.uri, position=place(TEXT, needle, offset, nth))
        return result and result["contents"]["value"]

    def test_diagnostics_come_and_go_while_typing(self):
        self.assertEqual(self.diagnostics(), [])
        start = place(TEXT, "hidden ->")
        self.change([{"range": {"start": start, "end": dict(start, character=start["character"] + 6)}, "text": "hiden"}])
        (found,) = self.diagnostics()
        self.assertEqual((found["code"], found["severity"], found["source"]), ("E0201", 1, "d2nn"))
        self.assertEqual(found["range"], {"start": start, "end": dict(start, character=start["character"] + 5)})
        (action,) = self.client.ask("codeAction", self.uri, range=found["range"], context={"diagnostics": [found]})
        (edit,) = action["edit"]["changes"][self.uri]
        self.assertEqual((edit["newText"], edit["range"]), ("hidden", found["range"]))
        self.change([{"range": edit["range"], "text": edit["newText"]}], 3)
        self.assertEqual(self.diagnostics(), [])

    def test_places_are_counted_in_utf16(self):
        # `stem` stands behind two characters of which one takes two units.
        broken = TEXT.replace("vision.conv_relu(wide)", "vision.conv_relu(wider)")
        self.change([{"text": broken}])
        (found,) = self.diagnostics()
        self.assertEqual(found["range"]["start"], place(broken, "wider"))
        self.assertEqual(broken.split("\n")[found["range"]["start"]["line"]].index("wider") + 1, found["range"]["start"]["character"])

    def test_hover_tells_shapes_costs_and_documentation(self):
        self.assertIn("f32[16, 8, 8]", self.hover("stem {"))
        self.assertIn("27,648 multiplications", self.hover("stem ->", 2))
        self.assertIn("A hidden layer.", self.hover("hidden ->"))
        self.assertIn("block hidden(units: int = 8)(x)", self.hover("hidden ->"))
        dense = self.hover("dense(classes) }")
        self.assertIn("Fully connected", dense)
        self.assertIn("`f32[8]` to `f32[2]`, 16 multiplications", dense)
        self.assertIn("left.dense1.weight", dense)
        self.assertIn("here 2", self.hover("classes: int"))
        self.assertIn("const wide = 16;", self.hover("wide)"))
        self.assertIn("Convolution and relu", self.hover("conv_relu"))
        self.assertIn("leaf[1]", self.hover("leaf ->"))
        self.assertIn("`one` runs `left`", self.hover("Q ~>"))
        self.assertIn("Two ways", self.hover("net("))
        self.assertIsNone(self.hover("{ vision"))

    def test_learned_tensors_are_explained_and_words_are_no_names(self):
        text = "const zeros = 1;\nnetwork n {\n  input x: f32[4];\n  node A { identity + parameter(4, start: zeros) as shift }\n" \
               "  output y: f32[4];\n  x -> A -> y;\n}\n"
        self.change([{"text": text}])
        self.assertEqual(self.diagnostics(), [])
        hover = self.client.ask("hover", self.uri, position=place(text, "parameter"))["contents"]["value"]
        self.assertIn("parameter(dims, start: zeros)", hover)
        self.assertIn("in `A`: `f32[4]`, 0 multiplications", hover)
        self.assertIn("- `A.shift` f32[4]", hover)
        self.assertIsNone(self.client.ask("definition", self.uri, position=place(text, "zeros)")))
        inside = self.completions(text.replace("parameter(4, start: zeros)", "parameter(4, |)"), None)
        self.assertIn("start:", inside)
        self.assertIn("normal", inside)

    def test_definitions_lead_to_declarations_also_in_other_files(self):
        def leads(needle, target, nth=0, target_nth=0):
            found = self.client.ask("definition", self.uri, position=place(TEXT, needle, 0, nth))
            self.assertEqual((found["uri"], found["range"]["start"]), (self.uri, place(TEXT, target, 0, target_nth)), needle)
        leads("stem -> left", "stem {")
        leads("left, right -> scores", "left {")
        leads("hidden ->", "hidden(units")
        leads("wide)", "wide = 16")
        leads("classes) }", "classes: int")
        leads("sum -> dense", "sum = a")
        leads("leaf -> right", "leaf[i]")
        leads("i] { relu", "i in 0")
        leads("b;\n  stem", "b join sum")
        found = self.client.ask("definition", self.uri, position=place(TEXT, "conv_relu"))
        library = SOURCE / "stdlib" / "vision.d2nn"
        self.assertTrue(found["uri"].endswith("stdlib/vision.d2nn"))
        line = library.read_text().splitlines()[found["range"]["start"]["line"]]
        self.assertTrue(line.startswith("block conv_relu("))
        self.assertIsNone(self.client.ask("definition", self.uri, position=place(TEXT, "relu }")))

    def completions(self, text, at):
        """Labels offered at the mark `|` of the text."""
        cut = text.index("|") if at is None else at
        whole = text.replace("|", "", 1)
        self.change([{"text": whole}])
        line, column = whole.count("\n", 0, cut), cut - (whole.rfind("\n", 0, cut) + 1)
        return [item["label"] for item in self.client.ask("completion", self.uri, position={"line": line, "character": column})]

    def test_completion_knows_what_may_stand_where(self):
        ascii_text = TEXT.replace("é𝄞", "x")
        self.change([{"text": ascii_text}])
        def at(before, typed):
            return self.completions(ascii_text.replace(before, before + typed + "|", 1), None)
        self.assertIn("network", at("const wide = 16;\n", "n"))
        self.assertIn("control", at("join last;\n", "c"))
        self.assertIn("stem", at("join last;\n", "st"))
        self.assertEqual(at("scores: f32[classes] join ", ""), ["sum", "mean", "max", "concat", "first", "last"])
        inside = at("node left { ", "con")
        self.assertIn("conv", inside)
        self.assertIn("hidden", inside)
        self.assertIn("vision", inside)
        self.assertNotIn("network", inside)
        self.assertIn("actions", at("control Q { ", "d"))
        self.assertIn("stride:", at("node left { ", "conv(3x3, 8, "))
        self.assertIn("conv_bn_relu", at("node left { ", "vision."))
        self.assertEqual(at("leaf -> right.b;\n", "stem -> right."), ["a", "b"])
        self.assertEqual(at("/* x", " n"), [])

    def test_symbols_form_a_tree(self):
        symbols = self.client.ask("documentSymbol", self.uri)
        self.assertEqual([s["name"] for s in symbols], ["wide", "hidden", "net"])
        self.assertEqual([s["name"] for s in symbols[2]["children"]], ["image", "stem", "left", "right", "Q", "leaf", "scores"])

    def test_formatting_is_that_of_fmt(self):
        (edit,) = self.client.ask("formatting", self.uri, options={"tabSize": 2, "insertSpaces": True})
        self.assertEqual(edit["newText"], self.d2nn("fmt", "-", stdin=TEXT).out)
        self.change([{"text": edit["newText"]}])
        self.assertEqual(self.client.ask("formatting", self.uri, options={}), [])
        self.change([{"text": "network {"}])
        self.assertIsNone(self.client.ask("formatting", self.uri, options={}))

    def test_a_broken_text_keeps_what_was_known_of_unchanged_lines(self):
        self.change([{"text": TEXT + "network {"}])
        self.assertEqual(self.diagnostics()[0]["code"][:3], "E01")
        self.assertIn("f32[16, 8, 8]", self.hover("stem {"))

    def test_open_texts_win_over_files_and_importers_follow(self):
        (self.folder / "heads.d2nn").write_text("block old()(x) { x -> relu }\n")
        importer = (self.folder / "user.d2nn").as_uri()
        self.open(importer, 'import "heads.d2nn";\nnetwork n { input x: f32[2]; node A { heads.new } output y: f32[2]; x -> A -> y; }\n')
        self.assertEqual([d["code"] for d in self.diagnostics(importer)], ["E0203"])
        heads = (self.folder / "heads.d2nn").as_uri()
        self.open(heads, "block new()(x) { x -> relu }\n")
        self.assertEqual(self.diagnostics(importer), [])
        self.change([{"text": "block new()(x) { x -> rellu }\n"}], uri=heads)
        (found,) = self.diagnostics(importer)
        self.assertIn("heads.d2nn:1: no layer or block is named `rellu`", found["message"])
        self.assertEqual(found["range"]["start"], {"line": 0, "character": 0})

    def test_an_import_that_failed_is_tried_again_when_its_file_opens(self):
        importer = (self.folder / "user.d2nn").as_uri()
        self.open(importer, 'import "heads.d2nn";\nnetwork n { input x: f32[2]; node A { heads.new } output y: f32[2]; x -> A -> y; }\n')
        self.assertEqual([d["code"] for d in self.diagnostics(importer)], ["E0214"])
        heads = (self.folder / "heads.d2nn").as_uri()
        self.open(heads, "block new()(x) { x -> relu }\n")
        self.assertEqual(self.diagnostics(importer), [])
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": heads}})
        self.assertEqual([d["code"] for d in self.diagnostics(importer)], ["E0214"])

    def test_the_examples_are_silent(self):
        for example in sorted(EXAMPLES.glob("*/*.d2nn")):
            self.open(example.as_uri(), example.read_text())
            self.assertEqual(self.diagnostics(example.as_uri()), [], example)

    def renamed(self, needle, new_name, offset=0, nth=0, text=TEXT, uri=None):
        """The open texts after the rename, by URI, or the reason why it is refused."""
        answer = self.client.request("textDocument/rename", {"textDocument": {"uri": uri or self.uri}, "position": place(text, needle, offset, nth), "newName": new_name})
        if "error" in answer:
            self.assertEqual(answer["error"]["code"], -32803)
            return answer["error"]["message"]
        return answer["result"]["changes"]

    def applied(self, text, edits):
        for edit in sorted(edits, key=lambda e: (e["range"]["start"]["line"], e["range"]["start"]["character"]), reverse=True):
            lines = text.split("\n")
            start, end = edit["range"]["start"], edit["range"]["end"]
            self.assertEqual(start["line"], end["line"])
            units = lines[start["line"]].encode("utf-16-le")
            units = units[:2 * start["character"]] + edit["newText"].encode("utf-16-le") + units[2 * end["character"]:]
            lines[start["line"]] = units.decode("utf-16-le")
            text = "\n".join(lines)
        return text

    def test_rename_changes_a_name_wherever_it_stands(self):
        text = TEXT.replace("node left { hidden ->", "node left { hidden(units: 8) ->")
        self.change([{"text": text}])
        renames = [
            ("stem {", "trunk", [("stem", "trunk")]),
            ("Q ~>", "gate", [("control Q", "control gate"), (", Q,", ", gate,"), ("Q ~>", "gate ~>")]),
            ("leaf ->", "leaves", [("leaf[i]", "leaves[i]"), ("Q, leaf;", "Q, leaves;"), ("leaf -> right", "leaves -> right")]),
            ("one: left", "first_way", [("one: left", "first_way: left")]),
            ("wide)", "width", [("wide", "width")]),
            ("units: 8", "size", [("units", "size")]),
            ("units)", "size", [("units", "size")]),
            ("classes: int", "outputs", [("classes", "outputs")]),
            ("sum -> dense", "total", [("let sum", "let total"), ("return sum", "return total")]),
            ("b join sum", "second", [("right(a, b", "right(a, second"), ("a + b", "a + second"), ("right.b", "right.second")]),
            ("hidden(units: int", "inner", [("block hidden", "block inner"), ("{ hidden(", "{ inner(")]),
            ("x) { x", "t", [("(x) { x ->", "(t) { t ->")]),
            ("i] { relu", "k", [("for i", "for k"), ("leaf[i]", "leaf[k]")]),
            ("net(", "gated", [("network net", "network gated")]),
            ("scores;\n  Q", "logits", [("output scores", "output logits"), ("-> scores", "-> logits")]),
        ]
        for needle, new_name, changes in renames:
            with self.subTest(needle):
                expected = text
                for old, new in changes:
                    self.assertIn(old, expected)
                    expected = expected.replace(old, new)
                edits = self.renamed(needle, new_name, text=text)
                self.assertEqual(list(edits), [self.uri])
                self.assertEqual(self.applied(text, edits[self.uri]), expected)
                self.change([{"text": expected}])
                self.assertEqual(self.diagnostics(), [])
                self.change([{"text": text}])

    def test_a_rename_that_would_break_something_is_refused_with_the_reason(self):
        for needle, new_name, reason in [
                ("stem {", "3x", "is no name"), ("stem {", "", "is no name"), ("stem {", "a b", "is no name"), ("stem {", "é", "is no name"),
                ("stem {", "node", "cannot be its name"), ("stem {", "left", "cannot be its name"), ("one: left", "other", "cannot be its name"),
                ("hidden ->", "dense", "cannot be its name"), ("classes: int", "wide", "wide"), ("sum = a", "a", "a"),
                ("relu }\n\n", "gelu", "word of the language"), ("vision.conv", "v", "module"), ("conv_relu(w", "c", "belongs to the library")]:
            with self.subTest(needle + new_name):
                refusal = self.renamed(needle, new_name)
                self.assertIsInstance(refusal, str)
                self.assertIn(reason, refusal)
        self.assertEqual(self.diagnostics(), [])
        self.change([{"text": TEXT + "network {"}])
        self.assertIn("syntax errors", self.renamed("stem {", "trunk"))

    def test_prepare_rename_gives_the_name_or_the_reason(self):
        prepared = self.client.ask("prepareRename", self.uri, position=place(TEXT, "stem ->", 2))
        start = place(TEXT, "stem ->")
        self.assertEqual(prepared, {"range": {"start": start, "end": dict(start, character=start["character"] + 4)}, "placeholder": "stem"})
        self.assertIsNone(self.client.ask("prepareRename", self.uri, position=place(TEXT, "{ vision")))
        answer = self.client.request("textDocument/prepareRename", {"textDocument": {"uri": self.uri}, "position": place(TEXT, "relu }")})
        self.assertIn("word of the language", answer["error"]["message"])

    def test_references_list_the_declaration_and_all_uses(self):
        def places(needle, with_declaration):
            found = self.client.ask("references", self.uri, position=place(TEXT, needle), context={"includeDeclaration": with_declaration})
            return [(f["uri"], f["range"]["start"]) for f in found]
        uses = [(self.uri, place(TEXT, "stem", 0, nth)) for nth in range(3)]
        self.assertEqual(places("stem ->", True), uses)
        self.assertEqual(places("stem {", False), uses[1:])
        self.assertIsNone(self.client.ask("references", self.uri, position=place(TEXT, "relu }"), context={"includeDeclaration": True}))

    def test_rename_and_references_reach_other_files_open_or_not(self):
        heads, closed, opened = self.folder / "heads.d2nn", self.folder / "closed.d2nn", self.folder / "open.d2nn"
        heads.write_text("block head(size: int)(x) { x -> dense(size) }\n")
        user = 'import "heads.d2nn";\nnetwork n { input x: f32[2]; node A { heads.head(size: 3) } output y: f32[3]; x -> A -> y; }\n'
        closed.write_text(user)
        opened.write_text("network stale {")  # the editor's text counts
        self.open(opened.as_uri(), user)
        self.assertEqual(self.diagnostics(opened.as_uri()), [])
        edits = self.renamed("head(size", "top", text=user, uri=opened.as_uri())
        self.assertEqual(set(edits), {heads.as_uri(), closed.as_uri(), opened.as_uri()})
        self.assertEqual(self.applied(heads.read_text(), edits[heads.as_uri()]), heads.read_text().replace("head(", "top("))
        self.assertEqual(self.applied(user, edits[closed.as_uri()]), user.replace("heads.head", "heads.top"))
        edits = self.renamed("size: 3", "width", text=user, uri=opened.as_uri())
        self.assertEqual(self.applied(heads.read_text(), edits[heads.as_uri()]), heads.read_text().replace("size", "width"))
        self.assertEqual(self.applied(user, edits[opened.as_uri()]), user.replace("size", "width"))
        found = self.client.ask("references", opened.as_uri(), position=place(user, "head(size"), context={"includeDeclaration": True})
        self.assertEqual({f["uri"] for f in found}, {heads.as_uri(), closed.as_uri(), opened.as_uri()})

    def test_all_spellings_of_a_uri_are_one_file(self):
        (self.folder / "heads of d2nn.d2nn").write_text("block head()(x) { x -> relu }\n")
        text = 'import "heads of d2nn.d2nn" as heads;\nnetwork n { input x: f32[2]; node A { heads.head } output y: f32[2]; x -> A -> y; }\n'
        (self.folder / "a b.d2nn").write_text("")
        path = f"{self.folder}/a%20b.d2nn"
        for prefix in ("file://", "file:", "file://localhost", "FILE://LOCALHOST"):
            with self.subTest(prefix):
                uri = prefix + path
                self.open(uri, text)
                self.assertEqual(self.diagnostics(uri), [])
                found = self.client.ask("definition", "file://" + path, position=place(text, "head }"))
                self.assertEqual(found["uri"], (self.folder / "heads of d2nn.d2nn").as_uri())
                uses = self.client.ask("references", uri, position=place(text, "A {"), context={"includeDeclaration": True})
                self.assertEqual({use["uri"] for use in uses}, {uri})
                self.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def test_edits_that_queue_up_cost_one_analysis(self):
        count = 3000
        nodes = "".join(f"  node n{i} {{ dense(4) }}\n" for i in range(count))
        text = "network chain {\n  input x: f32[4];\n" + nodes + "  output y: f32[4];\n  x" + "".join(f" -> n{i}" for i in range(count)) + " -> y;\n}\n"
        uri = (self.folder / "chain.d2nn").as_uri()
        self.open(uri, text)
        self.client.ask("documentSymbol", uri)
        received = 0
        for version in range(2, 32):
            self.change([{"range": {"start": {"line": 2, "character": 0}, "end": {"line": 2, "character": 0}}, "text": " "}], version, uri)
        while True:
            message = self.client.receive()
            received += message.get("method") == "textDocument/publishDiagnostics"
            if message["params"]["version"] == 31:
                break
        self.assertEqual(message["params"]["diagnostics"], [])
        self.assertLess(received, 15)  # two or three; more only where the client is slower than the server

    def test_wrong_messages_get_errors_and_the_server_goes_on(self):
        body = b"{nonsense"
        self.client.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        while "error" not in (answer := self.client.receive()):
            pass
        self.assertEqual(answer["error"]["code"], -32700)
        self.assertEqual(self.client.request("textDocument/fly")["error"]["code"], -32601)
        self.assertEqual(self.client.request("textDocument/hover")["error"]["code"], -32602)
        self.assertEqual(self.client.request("textDocument/hover", {"textDocument": {"uri": 3}})["error"]["code"], -32602)
        self.client.notify("textDocument/didChange", {"textDocument": {"uri": self.uri}, "contentChanges": [{"range": 3, "text": ""}]})
        self.client.notify("$/unknown")
        self.assertIsNone(self.client.ask("hover", "file:///not/open.d2nn", position={"line": 0, "character": 0}))
        far = {"line": 10**9, "character": 10**9}
        self.assertIsNone(self.client.ask("hover", self.uri, position=far))
        self.change([{"range": {"start": far, "end": far}, "text": "\n"}])
        self.assertEqual(self.diagnostics(), [])

    def test_nesting_without_end_is_refused(self):
        deep = b"[" * 200000 + b"]" * 200000
        for body in (b'{"id": 7, "method": "textDocument/hover", "params": ' + deep + b"}", b'{"method": "x", "id": ' + deep + b"}"):
            self.client.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            while "error" not in (answer := self.client.receive()):
                pass
            self.assertEqual(answer["error"]["code"], -32700)
        self.change([{"text": "// \\\" " + "[" * 1000 + "\n" + TEXT}])  # brackets in texts are no nesting
        self.assertEqual(self.diagnostics(), [])

    def test_a_client_that_reads_no_more_ends_the_server_with_1(self):
        gone = Client(self)
        gone.request("initialize")
        gone.process.stdout.close()
        gone.notify("textDocument/didOpen", {"textDocument": {"uri": self.uri, "text": TEXT}})
        self.assertEqual(gone.process.wait(20), 1)

    def test_shutdown_and_exit_give_status_0_and_an_early_end_1(self):
        self.assertIsNone(self.client.request("shutdown")["result"])
        self.assertEqual(self.client.request("textDocument/hover")["error"]["code"], -32600)
        self.client.notify("exit")
        self.assertEqual(self.client.process.wait(20), 0)
        early = Client(self)
        self.assertEqual(early.request("textDocument/hover")["error"]["code"], -32002)
        early.process.stdin.close()
        self.assertEqual(early.process.wait(20), 1)
        for frame in (b"Content-Length: 99999999999\r\n\r\n{}", b"Content-Length: x\r\n\r\n", b"no header at all\r\n\r\n{}", b"Content-Length: 10\r\n\r\n{}"):
            broken = subprocess.run([PROGRAM, "lsp"], input=frame, stdout=subprocess.PIPE, timeout=20, check=False)
            self.assertEqual(broken.returncode, 1, frame)
            self.assertIn(b"Content-Length", broken.stdout)


if __name__ == "__main__":
    unittest.main()

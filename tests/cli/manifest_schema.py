"""Checks a JSON value against the part of JSON Schema that docs/manifest.schema.json uses. A keyword that is not known here is an
error, so that nothing in the schema goes unchecked."""

import re

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}
WORDS_ONLY = {"$schema", "$id", "$defs", "title", "description"}


def problems(value, schema, root=None, place="manifest"):
    """Sentences about what is wrong, with the place of each."""
    root = root or schema
    found = []
    for keyword, wanted in schema.items():
        if keyword == "$ref":
            target = root
            for step in wanted.removeprefix("#/").split("/"):
                target = target[step]
            found += problems(value, target, root, place)
        elif keyword == "type":
            if not isinstance(value, TYPES[wanted]) or (isinstance(value, bool) and wanted in ("integer", "number")):
                return [f"{place} is {value!r}, no {wanted}"]
        elif keyword == "const":
            found += [] if value == wanted else [f"{place} is {value!r}, not {wanted!r}"]
        elif keyword == "enum":
            found += [] if value in wanted else [f"{place} is {value!r}, none of {wanted}"]
        elif keyword == "pattern":
            found += [] if re.search(wanted, value) else [f"{place} is {value!r}, not like {wanted}"]
        elif keyword == "minimum":
            found += [] if value >= wanted else [f"{place} is {value}, under {wanted}"]
        elif keyword == "minItems":
            found += [] if len(value) >= wanted else [f"{place} has {len(value)} items, under {wanted}"]
        elif keyword == "required":
            found += [f"{place} has no `{name}`" for name in wanted if name not in value]
        elif keyword == "items":
            for i, item in enumerate(value):
                found += problems(item, wanted, root, f"{place}[{i}]")
        elif keyword == "properties":
            for name, child in wanted.items():
                if name in value:
                    found += problems(value[name], child, root, f"{place}.{name}")
        elif keyword == "additionalProperties":
            extra = [name for name in value if name not in schema.get("properties", {})]
            if wanted is False:
                found += [f"{place} has `{name}`, which the schema does not know" for name in extra]
            else:
                for name in extra:
                    found += problems(value[name], wanted, root, f"{place}.{name}")
        elif keyword not in WORDS_ONLY:
            raise ValueError(f"the schema uses `{keyword}`, which this checker does not know")
    return found

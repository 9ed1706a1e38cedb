// Reads the object types of Zoom's declaration files and checks values against them: just the grammar that those files use
// (object literals, arrays, unions of literals, intersections, names of other types).
import { readFileSync } from "node:fs";

const TOKEN = /\s+|\/\*[\s\S]*?\*\/|\/\/[^\n]*|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?)|([A-Za-z_$][\w$]*)|(\?:|\[\]|[{}()[\]<>|&:;,?=])/y;

function tokens(text) {
  const out = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`cannot read a type at: ${text.slice(from, from + 40)}`);
    const found = match[1] ?? match[2] ?? match[3] ?? match[4];
    if (found !== undefined) out.push(found);
  }
  return out;
}

// Recursive descent over one type's tokens.
class Reader {
  constructor(list) {
    this.list = list;
    this.at = 0;
  }

  peek() {
    return this.list[this.at];
  }

  take(expected) {
    const found = this.list[this.at++];
    if (expected !== undefined && found !== expected) throw new Error(`expected ${expected}, found ${found}`);
    return found;
  }

  type() {
    if (this.peek() === "|") this.take();
    const any = [this.intersection()];
    while (this.peek() === "|") {
      this.take();
      any.push(this.intersection());
    }
    return any.length === 1 ? any[0] : { any };
  }

  intersection() {
    const all = [this.postfix()];
    while (this.peek() === "&") {
      this.take();
      all.push(this.postfix());
    }
    return all.length === 1 ? all[0] : { all };
  }

  postfix() {
    let found = this.primary();
    while (this.peek() === "[]") {
      this.take();
      found = { items: found };
    }
    return found;
  }

  primary() {
    const word = this.take();
    if (word === "(") {
      const inner = this.type();
      this.take(")");
      return inner;
    }
    if (word === "{") return this.object();
    if (word.startsWith('"')) return { literal: JSON.parse(word) };
    if (/^-?\d/.test(word)) return { literal: Number(word) };
    if (word === "true" || word === "false") return { literal: word === "true" };
    if (this.peek() === "<") {
      this.take();
      const parameters = [this.type()];
      while (this.peek() === ",") {
        this.take();
        parameters.push(this.type());
      }
      this.take(">");
      return { name: word, parameters };
    }
    return { name: word };
  }

  object() {
    const fields = [];
    while (this.peek() !== "}") {
      // An index signature says nothing about the fields that we send.
      if (this.peek() === "[") {
        while (this.take() !== ";");
        continue;
      }
      const word = this.take();
      const name = word.startsWith('"') ? JSON.parse(word) : word;
      const mark = this.take();
      fields.push({ name, optional: mark === "?:", type: this.type() });
      if (this.peek() === ";") this.take();
    }
    this.take("}");
    return { fields };
  }
}

export class Types {
  constructor(path) {
    this.text = readFileSync(path, "utf8");
    this.known = new Map();
  }

  find(name) {
    if (!this.known.has(name)) {
      const begin = this.text.indexOf(`\ntype ${name} = `);
      if (begin < 0) return undefined;
      const from = begin + `\ntype ${name} = `.length;
      const end = this.text.indexOf(";\n", this.endOf(from));
      this.known.set(name, new Reader(tokens(this.text.slice(from, end))).type());
    }
    return this.known.get(name);
  }

  // Where the braces that open after `from` are closed, or `from` where the type has none.
  endOf(from) {
    let depth = 0;
    for (let at = from; at < this.text.length; at += 1) {
      const letter = this.text[at];
      if (letter === "{") depth += 1;
      if (letter === "}") depth -= 1;
      if (depth === 0 && letter === ";") return at;
    }
    return from;
  }

  // Sentences about what does not fit; none where all does.
  mismatches(value, name) {
    const type = this.find(name);
    return type === undefined ? [`the library has no type ${name}`] : this.check(value, type, name);
  }

  check(value, type, where) {
    if (type.all) return type.all.flatMap((part) => this.check(value, part, where));
    if (type.any) {
      const tries = type.any.map((part) => this.check(value, part, where));
      return tries.some((found) => found.length === 0) ? [] : [`${where}: ${JSON.stringify(value)} fits none of ${type.any.length}`];
    }
    if (type.items) {
      if (!Array.isArray(value)) return [`${where}: not a list`];
      return value.flatMap((item, index) => this.check(item, type.items, `${where}[${index}]`));
    }
    if ("literal" in type) return value === type.literal ? [] : [`${where}: ${JSON.stringify(value)}, not ${JSON.stringify(type.literal)}`];
    if (type.fields) return this.object(value, type.fields, where);
    return this.named(value, type, where);
  }

  object(value, fields, where) {
    if (value === null || typeof value !== "object") return [`${where}: not an object`];
    return fields.flatMap((field) => {
      if (value[field.name] === undefined) return field.optional ? [] : [`${where}.${field.name}: missing`];
      return this.check(value[field.name], field.type, `${where}.${field.name}`);
    });
  }

  // Fields of the value that the type does not have, by their paths; fields in lists bear no number.
  unknown(value, name) {
    const type = this.find(name);
    return type === undefined ? [] : [...new Set(this.strange(value, [type], ""))];
  }

  strange(value, types, where) {
    const parts = types.flatMap((type) => this.parts(type));
    if (Array.isArray(value)) return value.flatMap((item) => this.strange(item, parts.flatMap((part) => part.items ?? []), where));
    if (value === null || typeof value !== "object") return [];
    if (parts.some((part) => part.open)) return [];
    const fields = parts.flatMap((part) => part.fields ?? []);
    return Object.entries(value).flatMap(([name, inner]) => {
      const known = fields.filter((field) => field.name === name);
      const path = where === "" ? name : `${where}.${name}`;
      return known.length === 0 ? [path] : this.strange(inner, known.map((field) => field.type), path);
    });
  }

  // What a value of this type may be made of: objects, lists, and `open` where anything goes.
  parts(type) {
    if (type.all || type.any) return (type.all ?? type.any).flatMap((part) => this.parts(part));
    if (type.items || type.fields) return [type];
    if (["any", "unknown", "object"].includes(type.name)) return [{ open: true }];
    const found = type.name === undefined ? undefined : this.find(type.name);
    return found === undefined ? [] : this.parts(found);
  }

  named(value, type, where) {
    switch (type.name) {
      case "string":
      case "number":
      case "boolean":
        return typeof value === type.name ? [] : [`${where}: ${JSON.stringify(value)} is no ${type.name}`];
      case "Event":
      case "any":
      case "unknown":
      case "object":
        return [];
      case "null":
        return value === null ? [] : [`${where}: not null`];
      default: {
        const found = this.find(type.name);
        return found === undefined ? [`${where}: unknown type ${type.name}`] : this.check(value, found, where);
      }
    }
  }
}

// What the user chose: the members of a JSON object, which the runtime has checked against the schema.

export class Parameters {
  private readonly members: Map<string, string> = new Map();

  constructor(private readonly json: string) {
    let at = this.skipSpaces(0);
    while (at < json.length && json.charAt(at) != "}") {
      const key = this.skipSpaces(at + 1);
      const keyEnd = this.skipValue(key);
      const value = this.skipSpaces(keyEnd + 1);
      at = this.skipValue(value);
      if (keyEnd > key) this.members.set(unquote(json.substring(key, keyEnd).trim()), json.substring(value, at).trim());
    }
  }

  number(name: string): f64 {
    return this.members.has(name) ? parseFloat(this.members.get(name)) : NaN;
  }

  boolean(name: string): bool {
    return this.members.has(name) && this.members.get(name) == "true";
  }

  /** Null when there is none. */
  text(name: string): string | null {
    if (!this.members.has(name)) return null;
    const value = this.members.get(name);
    return value.startsWith('"') ? unquote(value) : null;
  }

  private skipSpaces(at: i32): i32 {
    while (at < this.json.length && this.json.charCodeAt(at) <= 32) at++;
    return at;
  }

  /** The end of the value that starts here. */
  private skipValue(at: i32): i32 {
    let depth = 0;
    for (; at < this.json.length; at++) {
      const unit = this.json.charAt(at);
      if (unit == '"') {
        for (at++; at < this.json.length && this.json.charAt(at) != '"'; at++) if (this.json.charAt(at) == "\\") at++;
      } else if (unit == "{" || unit == "[") {
        depth++;
      } else if (unit == "}" || unit == "]") {
        if (depth-- == 0) break;
      } else if ((unit == "," || unit == ":") && depth == 0) {
        break;
      }
    }
    return at;
  }
}

/** A string without quotes and escapes. */
function unquote(quoted: string): string {
  let text = "";
  for (let at = 1; at < quoted.length - 1; at++) {
    const unit = quoted.charAt(at);
    if (unit != "\\") {
      text += unit;
      continue;
    }
    const escape = quoted.charAt(++at);
    if (escape == "u") {
      text += String.fromCharCode(<i32>parseInt(quoted.substr(at + 1, 4), 16));
      at += 4;
    } else {
      const known = "bfnrt".indexOf(escape);
      text += known < 0 ? escape : "\b\f\n\r\t".charAt(known);
    }
  }
  return text;
}

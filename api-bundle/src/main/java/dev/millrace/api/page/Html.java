package dev.millrace.api.page;

/**
 * Builds a page. There is no way to put in markup as text: everything but tag and attribute names
 * is escaped.
 */
final class Html {
  private final StringBuilder out = new StringBuilder("<!DOCTYPE html>\n");

  /** Opens an element; attributes come as name and value in turn. */
  Html open(String tag, String... attributes) {
    out.append('<').append(tag);
    for (int i = 0; i < attributes.length; i += 2) {
      out.append(' ').append(attributes[i]).append("=\"");
      escape(attributes[i + 1], out);
      out.append('"');
    }
    out.append('>');
    return this;
  }

  Html close(String tag) {
    out.append("</").append(tag).append('>');
    return this;
  }

  Html text(String text) {
    escape(text, out);
    return this;
  }

  /** An element that holds nothing but text. */
  Html element(String tag, String text, String... attributes) {
    return open(tag, attributes).text(text).close(tag);
  }

  Html link(String address, String text) {
    out.append("<a href=\"");
    escape(address, out);
    out.append("\">");
    return text(text).close("a");
  }

  /** A row of a table of two columns: a name and a text. */
  Html row(String name, String text) {
    return open("tr").element("th", name, "scope", "row").element("td", text).close("tr");
  }

  @Override
  public String toString() {
    return out.toString();
  }

  /** The one place where text becomes markup. Control characters would be no HTML at all. */
  private static void escape(String text, StringBuilder out) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&quot;");
        case '\'' -> out.append("&#39;");
        case '\n', '\t' -> out.append(c);
        default -> out.append(c < ' ' || (c >= 0x7f && c < 0xa0) ? '\uFFFD' : c);
      }
    }
  }
}

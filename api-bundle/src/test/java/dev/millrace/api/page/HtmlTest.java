package dev.millrace.api.page;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class HtmlTest {
  private static final String HEAD = "<!DOCTYPE html>\n";

  @Test
  void textAndAttributesCannotBecomeMarkup() {
    assertEquals(
        HEAD + "<p title=\"&quot;&gt;&lt;b&#39;\">&lt;script&gt; &amp;amp;</p>",
        new Html().element("p", "<script> &amp;", "title", "\"><b'").toString());
    assertEquals(
        HEAD + "<a href=\"/e/&quot;onload=&quot;\">&lt;</a>",
        new Html().link("/e/\"onload=\"", "<").toString());
  }

  @Test
  void controlCharactersAreShownAsUnknown() {
    assertEquals(
        HEAD + "<td>a\uFFFDb\uFFFD\n\t\uFFFDc</td>",
        new Html().element("td", "a\0b\u001b\n\t\u0085c").toString());
  }

  @Test
  void logLinesLoseTheirColoursAndKeepTheirText() {
    assertEquals("red plain 50%", Words.plain("\u001b[1;31mred\u001b[0m plain \u001b[K50%\r"));
  }

  @Test
  void aLoginLeadsToOwnPagesOnly() {
    assertEquals("/e/0197-a/", Visit.next("/e/0197-a/"));
    for (String foreign :
        new String[] {
          "//evil.example/", "https://evil.example", "/\\evil", "/e/x\r\nSet-Cookie: a", ""
        }) {
      assertEquals("/", Visit.next(foreign), foreign);
    }
  }
}

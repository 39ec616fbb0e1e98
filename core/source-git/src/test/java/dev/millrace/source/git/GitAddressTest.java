package dev.millrace.source.git;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.source.SourceAddress.Kind;
import dev.millrace.engine.source.SourceException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GitAddressTest {
  private final AddressGuard guard = new AddressGuard(List.of(), Set.of());

  @Test
  void addressesOfServersAndFoldersAreTakenApart() throws Exception {
    Map<String, GitAddress> known =
        Map.of(
            "https://Git.Example.org/team/x.git",
            new GitAddress.Server(Kind.HTTPS, "git", "git.example.org", 443, "/team/x.git"),
            "https://192.0.2.7:8443/x",
            new GitAddress.Server(Kind.HTTPS, "git", "192.0.2.7", 8443, "/x"),
            "ssh://ada@git.example.org:2222/srv/x.git",
            new GitAddress.Server(Kind.SSH, "ada", "git.example.org", 2222, "/srv/x.git"),
            "git@git.example.org:team/x.git",
            new GitAddress.Server(Kind.SSH, "git", "git.example.org", 22, "/~/team/x.git"),
            "git@git.example.org:/srv/x.git",
            new GitAddress.Server(Kind.SSH, "git", "git.example.org", 22, "/srv/x.git"),
            "ssh://[2001:db8::1]/x",
            new GitAddress.Server(Kind.SSH, "git", "2001:db8::1", 22, "/x"),
            "/srv/git/x",
            new GitAddress.Folder(Path.of("/srv/git/x")),
            "file:///srv/git/x",
            new GitAddress.Folder(Path.of("/srv/git/x")));
    for (Map.Entry<String, GitAddress> one : known.entrySet()) {
      assertEquals(one.getValue(), GitAddress.parse(one.getKey()), one.getKey());
    }
  }

  @Test
  void whatIsNoAddressOrWouldBeMoreIsRefused() {
    for (String url :
        List.of(
            "",
            " ",
            "x",
            "../x",
            "ext::sh -c id",
            "ext::sh",
            "fd::17/x",
            "--upload-pack=id",
            "-oProxyCommand=id",
            "git@host:-oProxyCommand=id",
            "git@host:--upload-pack=id",
            "-oProxyCommand=id@host:x",
            "ssh://-oProxyCommand=id/x",
            "ssh://-oProxyCommand=id@host/x",
            "ssh://git:password@host/x",
            "https://user@host/x",
            "https://user:password@host/x",
            "https://host",
            "https://host/",
            "https://host/-x",
            "https://host:0/x",
            "https://host:99999/x",
            "https://host/x?y",
            "https://host/x#y",
            "https:///x",
            "http:/host/x",
            "git://host/x",
            "gopher://host/x",
            "ftp://host/x",
            "amazon-s3://host/x",
            "file://host/x",
            "file:x",
            "https://host/x\ny",
            "https://host/x\u0000",
            "https://host\\@other/x",
            "https://ho st/x",
            "/a\u0000b",
            "https://host/" + "x".repeat(2_000))) {
      SourceException refused =
          assertThrows(SourceException.class, () -> GitAddress.parse(url), url);
      assertEquals(SourceException.Code.REFUSED, refused.code(), url);
    }
  }

  @Test
  void everySpellingOfAnAddressThatIsOffLimitsIsRefusedWithTheRemedy() throws Exception {
    for (String host :
        List.of(
            "127.0.0.1",
            "localhost",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "[::]",
            "169.254.169.254",
            "2852039166",
            "[::ffff:169.254.169.254]",
            "[::ffff:a9fe:a9fe]",
            "[::169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "169.254.43518",
            "[fe80::1]",
            "100.100.100.200",
            "[fd00:ec2::254]",
            "224.0.0.1")) {
      GitAddress.Server server = (GitAddress.Server) GitAddress.parse("https://" + host + "/x.git");
      SourceException refused =
          assertThrows(
              SourceException.class, () -> guard.check(server.host(), server.port(), false), host);
      assertEquals(SourceException.Code.REFUSED, refused.code(), host);
      assertTrue(refused.getMessage().contains("MILLRACE_GIT_ALLOW"), refused.getMessage());
    }
    guard.check("192.0.2.1", 443, false);
  }

  @Test
  void whatTheOperatorAllowsPassesAndNothingBesides() throws Exception {
    AddressGuard open =
        new AddressGuard(
            new AllowedSources(List.of("127.0.0.1/32", "/srv")).ranges(), Set.of(8000));
    open.check("127.0.0.1", 443, false);
    open.check("127.0.0.1", 80, true);
    assertThrows(SourceException.class, () -> open.check("127.0.0.2", 443, false));
    SourceException plain =
        assertThrows(SourceException.class, () -> open.check("192.0.2.1", 80, true));
    assertTrue(plain.getMessage().contains("plain HTTP"), plain.getMessage());
    IllegalArgumentException wrong =
        assertThrows(
            IllegalArgumentException.class, () -> new AllowedSources(List.of("git.example.org")));
    assertTrue(wrong.getMessage().contains("MILLRACE_GIT_ALLOW"), wrong.getMessage());
  }
}

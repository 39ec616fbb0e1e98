package dev.millrace.registry.docker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The table of cases that master, worker and registry plugin share. */
class AddressPolicyTest {
  private static List<String> cases() throws IOException {
    for (Path root = Path.of("").toAbsolutePath(); root != null; root = root.getParent()) {
      Path file = root.resolve("docs/addresses.txt");
      if (Files.exists(file)) {
        return Files.readAllLines(file).stream().filter(l -> !l.startsWith("#")).toList();
      }
    }
    throw new IOException("no table of addresses");
  }

  @Test
  void eachAddressOfTheTableIsOpenOrClosedAsItSays() throws IOException {
    List<String> cases = cases();
    assertTrue(cases.size() > 40, "the table is not whole");
    for (String line : cases) {
      String[] parts = line.split("\t");
      InetAddress address = InetAddress.getByName(parts[1]);
      assertEquals(parts[0], AddressPolicy.reason(address).isEmpty() ? "open" : "closed", line);
    }
  }
}

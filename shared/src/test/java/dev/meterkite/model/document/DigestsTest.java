package dev.meterkite.model.document;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class DigestsTest {
  private static final byte[] ABC = "abc".getBytes(StandardCharsets.US_ASCII);

  private static String hex(byte[] hash) {
    return HexFormat.of().formatHex(hash);
  }

  @Test
  void hashes_areThoseOfTheStandard() {
    assertEquals(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        hex(Digests.sha256("abc")));
    assertEquals("a9993e364706816aba3e25717850c26c9cd0d89d", hex(Digests.sha1().digest(ABC)));
  }

  @Test
  void text_isHashedInUtf8() throws Exception {
    byte[] bytes = "ä €".getBytes(StandardCharsets.UTF_8);
    assertEquals(
        hex(MessageDigest.getInstance("SHA-256").digest(bytes)), hex(Digests.sha256("ä €")));
  }

  @Test
  void digestInUse_leavesNothingInTheNextOne() {
    String before = hex(Digests.sha256("abc"));
    Digests.sha256().update(ABC);
    MessageDigest two = Digests.sha256();
    Digests.sha256().update(ABC);
    assertEquals(before, hex(two.digest(ABC)));
  }
}

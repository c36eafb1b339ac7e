package dev.meterkite.model.document;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FieldPathTest {
  @Test
  void plainSegments_areJoinedByDots() {
    assertEquals("ledger.balance_2", FieldPath.of("ledger", "balance_2"));
    assertEquals(List.of("ledger", "balance_2"), FieldPath.segments("ledger.balance_2"));
  }

  @Test
  void otherSegments_areQuoted() {
    assertEquals("a.`b.c`.`4f-1`.`q\\`\\\\`", FieldPath.of("a", "b.c", "4f-1", "q`\\"));
  }

  @Test
  void segmentsOfAnyPath_areThoseItWasMadeOf() {
    String alphabet = "ab.`\\-_1é ";
    for (long seed = 0; seed < 2_000; seed++) {
      Random random = new Random(seed);
      String[] parts = new String[1 + random.nextInt(4)];
      for (int i = 0; i < parts.length; i++) {
        StringBuilder part = new StringBuilder();
        for (int n = 1 + random.nextInt(5); n > 0; n--) {
          part.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        parts[i] = part.toString();
      }
      assertEquals(List.of(parts), FieldPath.segments(FieldPath.of(parts)), "seed " + seed);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "a.", ".a", "a..b", "`a", "``", "`a`b"})
  void brokenPath_isRefused(String path) {
    assertThrows(IllegalArgumentException.class, () -> FieldPath.segments(path));
  }
}

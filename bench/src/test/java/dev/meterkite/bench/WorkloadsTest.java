package dev.meterkite.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is drawn, read and scaled before anything is sent. */
class WorkloadsTest {
  @TempDir private Path folder;

  private AzureTrace trace(String... lines) throws IOException {
    return AzureTrace.read(Files.write(folder.resolve("t.csv"), Arrays.asList(lines)));
  }

  @Test
  void zipf_drawsTheKthOneKthAsOftenAsTheFirst() {
    Workloads.Zipf zipf = new Workloads.Zipf(1_000);
    int[] drawn = new int[1_000];
    for (int n = 0; n < 1_000_000; n++) {
      drawn[zipf.draw(n)]++;
    }
    // The chance of the first is 1 / 7.4855, the thousandth harmonic number.
    assertEquals(133_600, drawn[0], 2_000);
    assertEquals(drawn[0] / 2.0, drawn[1], 2_000);
    assertEquals(drawn[0] / 10.0, drawn[9], 1_000);
    assertTrue(drawn[999] > 60 && drawn[999] < 220, () -> "the last: " + drawn[999]);
  }

  @Test
  void trace_isReadAndKeepsItsGapsInProportion() throws IOException {
    AzureTrace trace =
        trace(
            "TIMESTAMP,ContextTokens,GeneratedTokens",
            "2023-11-16 18:15:46.6805900,374,44",
            "2023-11-16 18:15:47.6805900,396,109",
            "2023-11-16 18:15:50.6805900,1,0");
    assertEquals(
        List.of(
            new AzureTrace.Call(0, 1_374, 418),
            new AzureTrace.Call(1_000_000_000, 1_396, 505),
            new AzureTrace.Call(3_000_000_000L, 1_001, 1)),
        trace.calls());
    assertArrayEquals(new long[] {0, 250_000_000, 750_000_000}, trace.gapsAt(3));
    assertEquals(3, Arrivals.recorded(trace.gapsAt(3)).offered(), 1e-6);
  }

  @Test
  void traceOfAnotherForm_isRefusedWithItsLine() {
    assertTrue(
        assertThrows(IOException.class, () -> trace("a,b,c")).getMessage().contains("TIMESTAMP"));
    IOException wrong =
        assertThrows(
            IOException.class,
            () -> trace("TIMESTAMP,ContextTokens,GeneratedTokens", "yesterday,1,2"));
    assertTrue(wrong.getMessage().contains("line 2"), wrong.getMessage());
  }

  @Test
  void openLoop_startsAsOftenAsOffered() {
    Arrivals arrivals = Arrivals.rate(1_000, 3);
    double total = 0;
    for (int i = 0; i < 100_000; i++) {
      total += arrivals.nextGapNanos();
    }
    assertEquals(100e9, total, 2e9);
  }

  @Test
  void memberThatIsNotThere_isAnError() {
    assertEquals("h", Workloads.member("{\"hold\":{\"hold_id\": \"h\"}}", "hold_id"));
    assertThrows(IllegalStateException.class, () -> Workloads.member("{}", "hold_id"));
  }

  @Test
  void rateOfPgbench_isReadFromWhatItSays() throws IOException {
    String said = "latency average = 1.2 ms\ntps = 1234.567000 (without initial connection time)\n";
    assertEquals(1234.567, Postgres.rate(said));
    assertEquals(0, Postgres.rate("number of transactions actually processed: 0\n"));
    assertThrows(IOException.class, () -> Postgres.rate("connection refused"));
  }
}

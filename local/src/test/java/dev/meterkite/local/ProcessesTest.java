package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessesTest {
  @TempDir Path folder;

  @Test
  void killedProcess_isLeftOutAndComesBack() throws IOException {
    Options two = Options.forTests().withProcesses(2).withChaos(7);
    long killedPid;
    try (LocalHost host =
        LocalHost.start(two, "local-test", null, TestTable.httpOnly(folder), folder)) {
      HostClient client = new HostClient(host);
      ChildProcesses processes = host.processes().orElseThrow();
      assertEquals(2, processes.count());
      Set<Long> both = Set.of(processes.pid(0), processes.pid(1));
      assertEquals(both, pids(client));

      long survivor = processes.pid(1);
      killedPid = processes.pid(0);
      processes.kill(0);
      processes.kill(0);
      assertEquals(Set.of(survivor), pids(client));
      assertThrows(IllegalStateException.class, () -> processes.pid(0));

      processes.restart(0);
      assertThrows(IllegalStateException.class, () -> processes.restart(0));
      assertEquals(Set.of(survivor, processes.pid(0)), pids(client));

      // Dies by itself, in the middle of a request: the caller hears 503 and may repeat. (A GET
      // would be sent again by the JDK's client, and kill the other one too.)
      assertEquals(503, client.post("/echo?die=true", "").statusCode());
      HostClient.await("one is left", () -> alive(processes) == 1 && pids(client).size() == 1);
      processes.restart(processes.isAlive(0) ? 1 : 0);
      assertEquals(2, pids(client).size());

      processes.kill(0);
      processes.kill(1);
      assertEquals(503, client.get("/echo").statusCode());
      assertEquals(503, client.get("/local/health").statusCode());
      processes.restart(1);
      assertEquals(200, client.get("/local/health").statusCode());
      killedPid = processes.pid(1);
    }
    assertFalse(ProcessHandle.of(killedPid).map(ProcessHandle::isAlive).orElse(false));
  }

  private static long alive(ChildProcesses processes) {
    return IntStream.range(0, processes.count()).filter(processes::isAlive).count();
  }

  private static Set<Long> pids(HostClient client) {
    Set<Long> pids = new TreeSet<>();
    for (int i = 0; i < 4; i++) {
      pids.add(HostClient.json(client.get("/echo")).get("pid").getAsLong());
    }
    assertTrue(pids.size() <= 2);
    return pids;
  }
}

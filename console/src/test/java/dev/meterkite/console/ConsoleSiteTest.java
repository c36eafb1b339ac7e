package dev.meterkite.console;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The folder that deploy.sh uploads is what the local host serves, file by file. */
@ExtendWith(ConsoleSetup.Here.class)
class ConsoleSiteTest {
  private static final Path SITE = Path.of("target", "hosting", "console");

  @Test
  void folderForHosting_isWhatTheLocalHostServes(ConsoleSetup world)
      throws IOException, InterruptedException {
    assumeTrue(Files.isDirectory(SITE), "Maven puts the folder together before the tests");
    HttpClient http = HttpClient.newHttpClient();
    List<Path> files;
    try (Stream<Path> found = Files.walk(SITE)) {
      files = found.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      String name = SITE.relativize(file).toString().replace('\\', '/');
      HttpResponse<byte[]> served =
          http.send(
              HttpRequest.newBuilder(URI.create(world.host.url() + "/console/" + name)).build(),
              HttpResponse.BodyHandlers.ofByteArray());
      assertEquals(200, served.statusCode(), name);
      assertArrayEquals(Files.readAllBytes(file), served.body(), name);
    }
    assertTrue(files.size() > 15 && Files.exists(SITE.resolve("lib/preact.js")), files::toString);
  }
}

package dev.meterkite.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmulatorJarTest {
  private static final int JAVA_17 = 61;
  private static final int JAVA_99 = 143;
  private static final URI NOWHERE =
      URI.create("http://127.0.0.1:" + FirestoreEmulator.freePort() + "/emulator.jar");

  @TempDir Path folder;
  private final Map<String, String> environment = new HashMap<>();

  @Test
  void cloudSdk_isFoundByItsVariable() throws IOException {
    Path jar = cloudSdk(folder.resolve("sdk"));
    environment.put("CLOUDSDK_ROOT", folder.resolve("sdk").toString());
    assertEquals(jar, finder(NOWHERE, "").find());
  }

  @Test
  void cloudSdk_isFoundThroughALinkToGcloudOnThePath() throws IOException {
    Path root = folder.toRealPath().resolve("sdk");
    Path jar = cloudSdk(root);
    Path gcloud = Files.createDirectories(root.resolve("bin")).resolve("gcloud");
    Files.writeString(gcloud, "#!/bin/sh\n");
    assertTrue(gcloud.toFile().setExecutable(true));
    Path bin = Files.createDirectories(folder.resolve("usr-bin"));
    Files.createSymbolicLink(bin.resolve("gcloud"), gcloud);
    environment.put("PATH", "/nowhere::" + bin);
    assertEquals(jar, finder(NOWHERE, "").find());
  }

  @Test
  void firebasesNewestJarThatThisJavaLoads_isFound() throws IOException {
    Path cache =
        Files.createDirectories(folder.resolve(Path.of(".cache", "firebase", "emulators")));
    jar(cache.resolve("cloud-firestore-emulator-v1.9.9.jar"), JAVA_17);
    Path newest = jar(cache.resolve("cloud-firestore-emulator-v1.19.8.jar"), JAVA_17);
    jar(cache.resolve("cloud-firestore-emulator-v1.20.4.jar"), JAVA_99);
    jar(cache.resolve("firebase-database-emulator-v4.11.2.jar"), JAVA_17);
    Files.writeString(cache.resolve("cloud-firestore-emulator-v2.0.0.jar"), "torn");
    assertEquals(newest, finder(NOWHERE, "").find());

    environment.put("FIREBASE_EMULATORS_PATH", folder.resolve("elsewhere").toString());
    assertEquals(Optional.empty(), finder(NOWHERE, "").firebaseJar());
  }

  @Test
  void jarWithoutTheMainClass_isNotTaken() throws IOException {
    Path jar = folder.resolve("other.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new ZipEntry("other"));
    }
    assertFalse(EmulatorJar.loadableHere(jar));
  }

  @Test
  void withoutAny_failsWithTheCommandsThatInstallOne() {
    String message =
        assertThrows(EmulatorUnavailableException.class, () -> finder(NOWHERE, "").find())
            .getMessage();
    assertTrue(message.contains("gcloud components install cloud-firestore-emulator"), message);
    assertTrue(message.contains("google-cloud-cli-firestore-emulator"), message);
    assertTrue(message.contains("FIRESTORE_EMULATOR_HOST"), message);
  }

  @Test
  void download_isVerifiedAndKept() throws IOException {
    Path published = jar(folder.resolve("published.jar"), JAVA_17);
    AtomicInteger requests = new AtomicInteger();
    HttpServer server = serve(published, 200, requests);
    try {
      URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/emulator.jar");
      environment.put("XDG_CACHE_HOME", folder.resolve("xdg").toString());
      String sha256 = EmulatorJar.sha256(published);

      Path found = finder(url, sha256).find();
      assertTrue(found.startsWith(folder.resolve("xdg")), found.toString());
      assertEquals(-1, Files.mismatch(published, found));
      assertEquals(found, finder(url, sha256).find());
      assertEquals(1, requests.get());

      Files.writeString(found, "torn");
      assertEquals(found, finder(url, sha256).find());
      assertEquals(2, requests.get());
    } finally {
      server.stop(0);
    }
  }

  @Test
  void downloadWithAnotherChecksumOrStatus_isRefusedAndLeavesNothing() throws IOException {
    Path published = jar(folder.resolve("published.jar"), JAVA_17);
    for (int status : List.of(200, 404)) {
      HttpServer server = serve(published, status, new AtomicInteger());
      try {
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/emulator.jar");
        String message =
            assertThrows(
                    EmulatorUnavailableException.class,
                    () -> finder(url, EmulatorJar.PINNED_SHA256).find())
                .getMessage();
        assertTrue(message.contains(status == 200 ? "wrong SHA-256" : "status 404"), message);
        try (var left = Files.list(folder.resolve(Path.of(".cache", "meterkite")))) {
          assertEquals(List.of(), left.toList());
        }
      } finally {
        server.stop(0);
      }
    }
  }

  @Test
  void quotedText_isJson() {
    assertEquals("\"a\\\"b\\\\c\\u000ad\"", EmulatorProject.quote("a\"b\\c\nd"));
  }

  private EmulatorJar finder(URI download, String sha256) {
    return new EmulatorJar(
        new EmulatorJar.Places(environment, folder, List.of(), download, sha256));
  }

  private static Path cloudSdk(Path root) throws IOException {
    Path jar =
        root.resolve(
            Path.of("platform", "cloud-firestore-emulator", "cloud-firestore-emulator.jar"));
    Files.createDirectories(jar.getParent());
    return jar(jar, JAVA_17);
  }

  /** A jar whose main class is nothing but the head of a class file of that version. */
  private static Path jar(Path jar, int classVersion) throws IOException {
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new ZipEntry(EmulatorJar.MAIN_CLASS.replace('.', '/') + ".class"));
      out.write(
          new byte[] {
            (byte) 0xca, (byte) 0xfe, (byte) 0xba, (byte) 0xbe, 0, 0, 0, (byte) classVersion
          });
    }
    return jar;
  }

  private static HttpServer serve(Path file, int status, AtomicInteger requests)
      throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/emulator.jar",
        exchange -> {
          requests.incrementAndGet();
          byte[] bytes = Files.readAllBytes(file);
          exchange.sendResponseHeaders(status, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    return server;
  }
}

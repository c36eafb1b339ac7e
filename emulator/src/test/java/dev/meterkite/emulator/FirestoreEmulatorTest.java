package dev.meterkite.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FirestoreEmulatorTest {
  private static final String OPEN_TO_ADA =
      """
      service cloud.firestore {
        match /databases/{database}/documents {
          match /users/{id} { allow read: if request.auth.uid == id; }
        }
      }
      """;

  @TempDir Path folder;

  @Test
  void documentWrittenByOneProject_isUnseenByAnother() {
    EmulatorProject one = EmulatorForTests.shared().project(EmulatorForTests.freshProject());
    EmulatorProject other = EmulatorForTests.shared().project(EmulatorForTests.freshProject());
    assertNotEquals(one.name(), other.name());

    one.put("users/ada %é", "{\"plan\": {\"stringValue\": \"pro\"}}");

    assertEquals(200, one.get("users/ada %é").status());
    assertTrue(one.get("users/ada %é").body().contains("\"pro\""));
    assertEquals(404, other.get("users/ada %é").status());
    one.delete("users/ada %é");
    assertEquals(404, one.get("users/ada %é").status());
  }

  @Test
  void clearedProject_isEmpty() {
    EmulatorProject project = EmulatorForTests.shared().project(EmulatorForTests.freshProject());
    project.put("users/ada", "{}");
    project.clear();
    assertEquals(404, project.get("users/ada").status());
  }

  @Test
  void rules_admitWhomTheyNameAndNobodyElse() {
    EmulatorProject project = EmulatorForTests.shared().project(EmulatorForTests.freshProject());
    project.put("users/ada", "{}");
    project.setRules(OPEN_TO_ADA);

    assertEquals(200, project.asCaller("GET", "users/ada", null, token("ada", project)).status());
    assertEquals(403, project.asCaller("GET", "users/ada", null, token("bob", project)).status());
    assertEquals(403, project.asCaller("GET", "users/ada", null, null).status());
    assertEquals(403, project.asCaller("PATCH", "users/ada", "{}", token("ada", project)).status());
    assertTrue(project.ruleCoverage().contains("firestore.rules"), project.ruleCoverage());
  }

  @Test
  void rulesThatDoNotCompile_areRefusedWithTheCompilersMessage() {
    EmulatorProject project = EmulatorForTests.shared().project(EmulatorForTests.freshProject());
    var thrown =
        assertThrows(
            EmulatorUnavailableException.class,
            () -> project.setRules("service cloud.firestore { \"bogus\" \n}"));
    assertTrue(thrown.getMessage().contains("Error compiling rules"), thrown.getMessage());
  }

  @Test
  void writtenDocument_isPostedToTheEventsHostInBase64() throws Exception {
    BlockingQueue<String> posts = new LinkedBlockingQueue<>();
    HttpServer events =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    events.createContext(
        "/",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.US_ASCII);
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
          posts.add(exchange.getRequestURI().getPath() + " " + body);
        });
    events.start();
    try (FirestoreEmulator emulator =
        FirestoreEmulator.start(
            "127.0.0.1:" + events.getAddress().getPort(), folder.resolve("emulator.log"))) {
      EmulatorProject project = emulator.project("triggers");
      project.registerTrigger(
          "on-job", "google.cloud.firestore.document.v1.written", "podcast_jobs/{job_id}");
      project.put("podcast_jobs/j1", "{}");

      String post = posts.poll(180, TimeUnit.SECONDS);
      assertTrue(
          post != null && post.startsWith("/functions/projects/triggers/triggers/on-job "), post);
      String event =
          new String(
              Base64.getDecoder().decode(post.substring(post.indexOf(' ') + 1)),
              StandardCharsets.ISO_8859_1);
      assertTrue(event.contains("podcast_jobs/j1"), event);
    } finally {
      events.stop(0);
    }
  }

  /** In a build it makes the archive of the emulators of all modules that are tested after it. */
  @Test
  void nextStart_mapsTheClassesOfTheFirst_andClosedItLeavesNoProcess() throws Exception {
    Path given = JavaCommand.archives();
    Path archives = Files.createDirectories(given == null ? folder.resolve("archives") : given);
    Path log = folder.resolve("emulator.log");
    Path archive;
    try (FirestoreEmulator first = FirestoreEmulator.start(null, log, 0, archives)) {
      EmulatorProject project = first.project("warm-up");
      project.setRules(OPEN_TO_ADA);
      project.put("users/ada", "{}");
      assertEquals(403, project.asCaller("GET", "users/ada", null, null).status());
      ClassArchive classes = first.classes().orElseThrow();
      if (!classes.exists()) {
        Process made = classes.create();
        assertTrue(made.waitFor(10, TimeUnit.MINUTES));
        classes.complete(made);
      }
      archive = classes.archive();
      assertTrue(Files.exists(archive));
    }
    FirestoreEmulator emulator = FirestoreEmulator.start(null, log, 0, archives);
    ProcessHandle process = emulator.processHandle().orElseThrow();
    assertTrue(emulator.owned() && process.isAlive());
    Path mapped = Path.of("/proc", Long.toString(process.pid()), "maps");
    assertTrue(
        !Files.exists(mapped) || Files.readString(mapped).contains(archive.toRealPath().toString()),
        () -> archive + " is not mapped");

    emulator.close();
    emulator.close();

    assertFalse(process.isAlive());
  }

  @Test
  void attachedEmulator_isUsedAndLeftRunning() {
    FirestoreEmulator shared = EmulatorForTests.shared();
    try (FirestoreEmulator attached = FirestoreEmulator.attach(shared.host())) {
      assertFalse(attached.owned());
      assertTrue(attached.processHandle().isEmpty());
      attached.project(EmulatorForTests.freshProject()).put("users/ada", "{}");
    }
    shared.project(EmulatorForTests.freshProject()).put("users/ada", "{}");
  }

  @Test
  void attachWhereNothingAnswers_saysWhatToDo() {
    String nowhere = "127.0.0.1:" + FirestoreEmulator.freePort();
    var thrown =
        assertThrows(EmulatorUnavailableException.class, () -> FirestoreEmulator.attach(nowhere));
    assertTrue(thrown.getMessage().contains("unset the variable"), thrown.getMessage());
    assertThrows(EmulatorUnavailableException.class, () -> FirestoreEmulator.attach("no host"));
  }

  @Test
  void jarThatDoesNotStart_failsWithItsOutput() throws IOException {
    Path jar = folder.resolve("empty.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new ZipEntry("nothing"));
    }
    var thrown =
        assertThrows(
            EmulatorUnavailableException.class,
            () -> FirestoreEmulator.start(jar, null, folder.resolve("emulator.log")));
    assertTrue(thrown.getMessage().contains("CloudFirestore"), thrown.getMessage());
  }

  /** An unsigned token, which the emulator takes for its user. */
  private static String token(String user, EmulatorProject project) {
    String payload =
        """
        {"iss": "https://securetoken.google.com/%s", "aud": "%s", "sub": "%s", "user_id": "%s",
         "iat": 1, "exp": 4102444800, "auth_time": 1,
         "firebase": {"sign_in_provider": "custom", "identities": {}}}\
        """
            .formatted(project.name(), project.name(), user, user);
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    return base64.encodeToString(
            "{\"alg\":\"none\",\"type\":\"JWT\"}".getBytes(StandardCharsets.UTF_8))
        + "."
        + base64.encodeToString(payload.getBytes(StandardCharsets.UTF_8))
        + ".";
  }
}

package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.local.line.ToolLine;
import dev.meterkite.local.line.WrongLineException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The scripts, in a small checkout with stand-ins for Maven and Java: what they answer without a
 * build, when they build, and how they end.
 */
class LaunchTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final int SIGTERM_STATUS = 128 + 15;
  private static final String JAR = "local/target/start/meterkite-local-1.0.0.jar";

  /** What it is asked to build is two modules; it counts its calls. */
  private static final String MAVEN =
      """
      #!/bin/sh
      echo "$*" >>maven-calls
      if [ -e maven-waits ]; then sleep 60 & echo $! >maven-child; wait; fi
      echo '[INFO] Scanning for projects...'
      echo '[INFO] Downloaded from central: https://repo/one (1 kB at 1 kB/s)'
      echo '[INFO] Building Meterkite 1.0.0                                  [1/3]'
      echo '[INFO]   from pom.xml'
      echo '[INFO] Downloaded from central: https://repo/two (1 kB at 1 kB/s)'
      echo '[INFO] Building Meterkite: shared 1.0.0                          [2/3]'
      echo '[INFO]   from shared/pom.xml'
      if [ -e maven-fails ]; then echo '[ERROR] A.java:[1,1] no such thing'; exit 1; fi
      echo '[INFO] Building Meterkite: local 1.0.0                           [3/3]'
      echo '[INFO]   from local/pom.xml'
      mkdir -p shared/target/start local/target/start/classes
      touch %s library.jar
      echo "$PWD/library.jar" >local/target/start/classpath.txt
      """
          .formatted(JAR);

  private record Ended(int status, String out, String err) {}

  @TempDir Path folder;
  private Path home;

  @BeforeEach
  void makeCheckout() throws IOException {
    home = Files.createDirectory(folder.resolve("my checkout"));
    for (String name :
        List.of(
            "run-local.sh",
            "chaos.sh",
            "simulate.sh",
            "bench.sh",
            "local/launch.sh",
            ".mvn/maven.config")) {
      copy(name);
    }
    for (String tool : List.of("run-local", "chaos", "simulate", "bench")) {
      try (var files = Files.list(ROOT.resolve("local/help").resolve(tool))) {
        for (Path file : files.toList()) {
          copy(ROOT.relativize(file).toString());
        }
      }
    }
    write("pom.xml", "<project/>");
    for (String module : List.of("shared", "local", "bench", "simulation")) {
      write(module + "/pom.xml", "<project/>");
      write(module + "/src/main/java/A.java", "class A {}");
    }
    program("mvnw", MAVEN);
    program("jdk/bin/java", "#!/bin/sh\necho \"JAVA $*\"\n");
    program("jdk/bin/javac", "#!/bin/sh\n");
    write("jdk/release", "JAVA_VERSION=\"17.0.15\"\n");
  }

  private void copy(String name) throws IOException {
    Path target = home.resolve(name);
    Files.createDirectories(target.getParent());
    Files.copy(ROOT.resolve(name), target);
  }

  private Path write(String name, String text) throws IOException {
    Path file = home.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private void program(String name, String text) throws IOException {
    assertTrue(write(name, text).toFile().setExecutable(true));
  }

  private ProcessBuilder command(String script, String... words) {
    List<String> command = new ArrayList<>(List.of(home.resolve(script + ".sh").toString()));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().remove("COLUMNS");
    builder.environment().put("JAVA_HOME", home.resolve("jdk").toString());
    return builder;
  }

  private Ended run(ProcessBuilder builder) throws IOException, InterruptedException {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "no end");
    return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private Ended run(String script, String... words) throws IOException, InterruptedException {
    return run(command(script, words));
  }

  private long builds() throws IOException {
    Path calls = home.resolve("maven-calls");
    return Files.exists(calls) ? Files.readAllLines(calls).size() : 0;
  }

  // Without a build.

  @Test
  void help_isThereAtOnce_withoutABuildAndWithoutJava() throws Exception {
    for (ToolLine line : List.of(Options.LINE, dev.meterkite.local.chaos.ChaosMain.line())) {
      List<String> commands = new ArrayList<>(List.of(""));
      commands.addAll(line.commands());
      for (String command : commands) {
        for (int width : List.of(60, 80)) {
          ProcessBuilder builder =
              command.isEmpty()
                  ? command(line.tool(), "--help")
                  : command(line.tool(), "--port", "0", command, "-h", "--nonsense");
          builder.environment().put("JAVA_HOME", "/nowhere");
          builder.environment().put("COLUMNS", Integer.toString(width + 19));
          assertEquals(new Ended(0, line.help(command, width), ""), run(builder));
        }
      }
    }
    assertTrue(run("bench", "--help").out().contains("--document-rate"));
    assertEquals(0, builds());
    assertFalse(Files.exists(home.resolve("local/target")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "down",
        "up up",
        "export",
        "export a b",
        "--port",
        "--port x",
        "--port=x",
        "up --port -1",
        "up --port=",
        "demo --port 65536",
        "--port --chaos",
        "--port up",
        "--port -- up",
        "--processes 17",
        "--processes=17 up",
        "--seed 5",
        "--seed 5 up --no-schedules",
        "--chaos --seed x",
        "--chaos --seed 99999999999999999999",
        "up --keep",
        "up --keep=5",
        "--keep",
        "-k",
        "demo --trace",
        "demo --dry-run",
        "up --trace t",
        "adopt --dry",
        "replay",
        "replay --plans err",
        "replay --from 2026-10-01",
        "replay --from 1.10.26",
        "replay --from=2026-1-1 --to x",
        "replay --csv",
        "-- down",
        "up -- x"
      })
  void wrongLine_isRefusedBeforeABuild_inPicoclisWords(String line) throws Exception {
    String[] words = line.split(" ");
    WrongLineException picocli =
        assertThrows(WrongLineException.class, () -> Options.parse(Arrays.asList(words)));
    Ended ended = run("run-local", words);
    if (!line.contains("99999")) { // Only Java knows.
      assertEquals(0, builds(), ended.out());
      assertEquals(2, ended.status());
      assertEquals(picocli.getMessage(), ended.err().strip().replace("\n", " "));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "--port 0",
        "up --port=0 --chaos --seed -5",
        "--chaos --seed=+5 export out",
        "export --port 9 -- -odd",
        "--processes 016 --port 0 demo",
        "adopt --dry-run --firestore-port 9099 --no-rules",
        "replay --plans err --from 2026-10-01 --to=2026-11-01 --user ada --csv out.csv"
      })
  void rightLine_reachesTheProgramWordByWord(String line) throws Exception {
    String[] words = line.isEmpty() ? new String[] {"--port", "0"} : line.split(" ");
    Options unused = Options.parse(Arrays.asList(words));
    Ended ended = run("run-local", words);
    assertEquals(0, ended.status(), ended.err());
    assertTrue(
        ended.out().strip().endsWith("dev.meterkite.local.Main " + String.join(" ", words)),
        ended.out());
  }

  @Test
  void otherTools_refuseWrongLinesToo() throws Exception {
    assertEquals(
        "--users takes a whole number from 10 to 100000, not 9.\n",
        run("chaos", "--users", "9").err());
    assertEquals(
        "Unknown option --fast; ./bench.sh --help says what there is.\n",
        run("bench", "--fast").err());
    assertEquals(
        "Unknown word x; ./bench.sh --help says what there is.\n", run("bench", "x").err());
    assertEquals(0, builds());
  }

  @Test
  void missingFilesAndTakenPorts_areSaidBeforeABuild() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      for (String option : List.of("--port", "--firestore-port")) {
        String other = option.equals("--port") ? "--no-rules" : "--port=0";
        Ended ended = run("run-local", "up", other, option, port);
        assertEquals(1, ended.status());
        assertTrue(ended.err().startsWith("Port " + port + " of 127.0.0.1 is in use: "));
        assertEquals(1, ended.err().replace("\n", " ").split("\\. ").length, ended.err());
      }
    }
    assertEquals(
        new Ended(1, "", "There is no file nowhere.csv that can be read.\n"),
        run("run-local", "demo", "--port", "0", "--trace", "nowhere.csv"));
    assertEquals(
        new Ended(1, "", "There is no folder nowhere that can be read.\n"),
        run("run-local", "import", "nowhere"));
    assertEquals(0, builds());
  }

  @Test
  void missingOrOldJava_isOneSentence() throws Exception {
    for (String tool :
        List.of(
            "bash",
            "dirname",
            "readlink",
            "sed",
            "cat",
            "awk",
            "fold",
            "find",
            "sort",
            "xargs",
            "cksum",
            "grep",
            "mkdir",
            "rm",
            "head",
            "stty")) {
      String there = (Files.exists(Path.of("/usr/bin", tool)) ? "/usr/bin/" : "/bin/") + tool;
      program("bin/" + tool, "#!/bin/sh\nexec " + there + " \"$@\"\n");
    }
    String tools = home.resolve("bin").toString();
    ProcessBuilder none = command("run-local", "--port", "0");
    none.environment().put("PATH", tools);
    none.environment().remove("JAVA_HOME");
    none.command().add(0, tools + "/bash");
    assertSentence(run(none), "Java is missing: ");

    write("jdk/release", "JAVA_VERSION=\"11.0.2\"\n");
    assertSentence(run("run-local", "--port", "0"), "Java is too old: ");
    write("jdk/release", "JAVA_VERSION=\"25\"\n");
    Files.delete(home.resolve("jdk/bin/javac"));
    assertSentence(run("run-local", "--port", "0"), home.resolve("jdk") + " has no compiler: ");
    assertEquals(0, builds());
  }

  private static void assertSentence(Ended ended, String begin) {
    assertEquals(1, ended.status(), ended.err());
    String text = ended.err().replace("\n", " ").strip();
    assertTrue(text.startsWith(begin) && text.indexOf(". ") < 0, text);
  }

  @Test
  void checkoutThatCannotBeWrittenTo_isOneSentence() throws Exception {
    write("local/target", "in the way");
    assertSentence(
        run("run-local", "--port", "0"),
        home.toRealPath().resolve("local/target/start") + " cannot be written to");
    assertEquals(0, builds());
  }

  // Builds.

  @Test
  void build_saysWhereItIs() throws Exception {
    Ended ended = run("run-local", "--port", "0");
    assertEquals(0, ended.status(), ended.err());
    List<String> said = ended.out().lines().toList();
    assertTrue(said.get(0).startsWith("Building (the first time: about "), ended.out());
    assertEquals("  module 1 of 2: shared, 2 files fetched", said.get(1));
    assertEquals("  module 2 of 2: local, 2 files fetched", said.get(2));
    assertTrue(said.get(3).startsWith("JAVA "), ended.out());
    assertTrue(said.get(3).contains(home.toRealPath().resolve(JAR) + ":"), ended.out());
    assertTrue(Files.readString(home.resolve("local/target/start/build.log")).contains("repo/two"));
    String call = Files.readString(home.resolve("maven-calls"));
    assertTrue(call.startsWith("-Pstart -pl local -am package"), call);
  }

  @Test
  void onlyWhatIsDifferent_isBuiltAgain() throws Exception {
    Path source = home.resolve("shared/src/main/java/A.java");
    assertBuilds(1, "first");
    assertBuilds(1, "nothing changed");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));
    assertBuilds(1, "only touched");
    write("bench/src/main/java/A.java", "class A { int other; }");
    assertBuilds(1, "a module that it does not stand on");

    Files.writeString(source, "class A { int i; }");
    Files.setLastModifiedTime(source, FileTime.from(Instant.EPOCH));
    assertBuilds(2, "another branch's file, with its old time");
    Files.writeString(source, "class A {}");
    assertBuilds(3, "and back");
    write("local/src/main/resources/new.txt", "");
    assertBuilds(4, "a new file");
    Files.delete(home.resolve("local/src/main/resources/new.txt"));
    assertBuilds(5, "and gone again");
    write("pom.xml", "<project><version/></project>");
    assertBuilds(6, "the build itself");
    Files.delete(home.resolve("library.jar"));
    assertBuilds(7, "the class path is gone");
    Files.delete(home.resolve(JAR));
    assertBuilds(8, "what was built is gone");
    Path moved = folder.resolve("moved");
    Files.move(home, moved);
    home = moved;
    assertBuilds(9, "the checkout has moved");
    assertBuilds(9, "nothing changed");
  }

  private void assertBuilds(long times, String why) throws IOException, InterruptedException {
    Ended ended = run("run-local", "--port", "0");
    assertEquals(0, ended.status(), why + ": " + ended.err());
    assertEquals(times, builds(), why);
  }

  @Test
  void changedModule_isCompiledAnew_whateverTheTimesOfItsFilesSay() throws Exception {
    assertBuilds(1, "first");
    Path classes = write("local/target/start/classes/A.class", "old");
    Path other = write("shared/target/start/classes/A.class", "old");
    write("local/src/main/java/A.java", "class A { int i; }");
    assertBuilds(2, "changed");
    assertFalse(Files.exists(classes));
    assertTrue(Files.exists(other));
  }

  @Test
  void failedBuild_endsWithItsErrorsAndASentence_andIsTriedAgain() throws Exception {
    write("maven-fails", "");
    Ended ended = run("run-local", "--port", "0");
    assertEquals(1, ended.status());
    assertTrue(ended.err().contains("[ERROR] A.java:[1,1] no such thing"), ended.err());
    assertTrue(ended.err().contains("The build failed: "), ended.err());
    assertFalse(ended.out().contains("JAVA"), ended.out());
    Files.delete(home.resolve("maven-fails"));
    assertBuilds(2, "tried again");
  }

  @Test
  void signalDuringABuild_saysStopping_andLeavesNothingRunning() throws Exception {
    write("maven-waits", "");
    Path out = folder.resolve("out");
    Process process =
        command("run-local", "--port", "0")
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    Path child = home.resolve("maven-child");
    HostClient.await("Maven runs", () -> Files.exists(child) && size(child) > 1);
    ProcessHandle below =
        ProcessHandle.of(Long.parseLong(Files.readString(child).strip())).orElseThrow();
    process.destroy();
    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "not stopped");
    assertEquals(SIGTERM_STATUS, process.exitValue());
    assertTrue(Files.readString(out).endsWith("Stopping…\n"), Files.readString(out));
    HostClient.await("Maven's children are gone", () -> !below.isAlive());
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }

  @Test
  void archiveOfClasses_isUsedOnceItIsThere_andGoesWithTheNextBuild() throws Exception {
    String first = run("run-local", "--port", "0").out();
    assertTrue(first.contains("-XX:DumpLoadedClassList="), first);
    String name = first.replaceAll("(?s).*-Dmeterkite.archive=(.*?) -D.*", "$1");
    Files.writeString(Path.of(name + ".jsa"), "");
    String second = run("run-local", "--port", "0").out();
    assertTrue(
        second.contains("-XX:SharedArchiveFile=" + name + ".jsa -Xshare:auto -Xlog:disable"),
        second);
    write("local/src/main/java/A.java", "class A { int i; }");
    assertTrue(run("run-local", "--port", "0").out().contains("-XX:DumpLoadedClassList="));
  }
}

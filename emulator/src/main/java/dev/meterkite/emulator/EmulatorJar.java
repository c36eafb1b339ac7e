package dev.meterkite.emulator;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * Finds the emulator's jar on this machine: the Google Cloud CLI's, else the firebase CLI's newest
 * that this JVM can load, else our own download of a pinned version, verified by its SHA-256.
 */
final class EmulatorJar {
  static final String MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore";

  /** The version that is downloaded where none is installed. */
  static final String PINNED_VERSION = "1.19.8";

  static final String PINNED_SHA256 =
      "9d43599ed6151199e8d604dc87fac51218e49e5f3a48519b1ae560bbe5e3382d";

  private static final URI PINNED_URL =
      URI.create(
          "https://storage.googleapis.com/firebase-preview-drop/emulator/cloud-firestore-emulator-v"
              + PINNED_VERSION
              + ".jar");
  private static final Path IN_CLOUD_SDK =
      Path.of("platform", "cloud-firestore-emulator", "cloud-firestore-emulator.jar");
  private static final Pattern FIREBASE_NAME =
      Pattern.compile("cloud-firestore-emulator-v(\\d{1,9})\\.(\\d{1,9})\\.(\\d{1,9})\\.jar");
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration DOWNLOAD = Duration.ofMinutes(5);

  /** Class files of Java 1 have version 45, and each release adds one. */
  private static final int CLASS_VERSION_BEFORE_JAVA_1 = 44;

  /** Where to look: everything that a test replaces. */
  record Places(
      Map<String, String> environment,
      Path home,
      List<Path> usualCloudSdks,
      URI download,
      String sha256) {
    static Places ofThisMachine() {
      Path home = Path.of(System.getProperty("user.home"));
      return new Places(
          System.getenv(),
          home,
          List.of(
              Path.of("/usr/lib/google-cloud-sdk"),
              Path.of("/usr/share/google-cloud-sdk"),
              Path.of("/usr/local/google-cloud-sdk"),
              Path.of("/usr/local/share/google-cloud-sdk"),
              Path.of("/opt/google-cloud-sdk"),
              Path.of("/opt/homebrew/share/google-cloud-sdk"),
              Path.of("/snap/google-cloud-cli/current"),
              home.resolve("google-cloud-sdk")),
          PINNED_URL,
          PINNED_SHA256);
    }
  }

  private final Places places;

  EmulatorJar(Places places) {
    this.places = places;
  }

  /**
   * The jar to run.
   *
   * @throws EmulatorUnavailableException with the commands that install one, if there is none and
   *     none can be fetched
   */
  Path find() {
    return cloudSdkJar().or(this::firebaseJar).orElseGet(this::download);
  }

  Optional<Path> cloudSdkJar() {
    for (Path root : cloudSdkRoots()) {
      Path jar = root.resolve(IN_CLOUD_SDK);
      if (Files.isRegularFile(jar) && loadableHere(jar)) {
        return Optional.of(jar);
      }
    }
    return Optional.empty();
  }

  private Set<Path> cloudSdkRoots() {
    Set<Path> roots = new LinkedHashSet<>();
    for (String name : List.of("CLOUDSDK_ROOT", "CLOUDSDK_ROOT_DIR")) {
      String root = places.environment().get(name);
      if (root != null && !root.isBlank()) {
        roots.add(Path.of(root));
      }
    }
    String path = places.environment().getOrDefault("PATH", "");
    for (String folder : path.split(Pattern.quote(File.pathSeparator), -1)) {
      Path root = rootOfGcloud(folder);
      if (root != null) {
        roots.add(root);
      }
    }
    roots.addAll(places.usualCloudSdks());
    return roots;
  }

  /**
   * The SDK's folder if `folder` holds gcloud, perhaps as a link: ROOT/bin/gcloud is its real path.
   */
  private static @Nullable Path rootOfGcloud(String folder) {
    if (folder.isEmpty()) {
      return null;
    }
    try {
      Path gcloud = Path.of(folder, "gcloud");
      if (!Files.isExecutable(gcloud)) {
        return null;
      }
      Path bin = gcloud.toRealPath().getParent();
      return bin == null ? null : bin.getParent();
    } catch (IOException | IllegalArgumentException unreadable) {
      return null; // Such an entry of PATH is of no use to any shell either.
    }
  }

  Optional<Path> firebaseJar() {
    String configured = places.environment().get("FIREBASE_EMULATORS_PATH");
    Path cache =
        configured != null && !configured.isBlank()
            ? Path.of(configured)
            : places.home().resolve(Path.of(".cache", "firebase", "emulators"));
    if (!Files.isDirectory(cache)) {
      return Optional.empty();
    }
    List<Path> jars = new ArrayList<>();
    try (DirectoryStream<Path> listing = Files.newDirectoryStream(cache, "*.jar")) {
      for (Path jar : listing) {
        if (FIREBASE_NAME.matcher(jar.getFileName().toString()).matches() && loadableHere(jar)) {
          jars.add(jar);
        }
      }
    } catch (IOException e) {
      throw new EmulatorUnavailableException("Cannot list " + cache + ": " + e.getMessage(), e);
    }
    return jars.stream().max(Comparator.comparing(EmulatorJar::version, Arrays::compare));
  }

  private static int[] version(Path jar) {
    Matcher name = FIREBASE_NAME.matcher(jar.getFileName().toString());
    if (!name.matches()) {
      throw new IllegalArgumentException(jar.toString());
    }
    return new int[] {
      Integer.parseInt(name.group(1)),
      Integer.parseInt(name.group(2)),
      Integer.parseInt(name.group(3))
    };
  }

  /** Newer emulators are compiled for newer Java: such a jar, or a torn one, is passed over. */
  static boolean loadableHere(Path jar) {
    try (JarFile file = new JarFile(jar.toFile())) {
      ZipEntry main = file.getEntry(MAIN_CLASS.replace('.', '/') + ".class");
      if (main == null) {
        return false;
      }
      try (InputStream bytes = file.getInputStream(main)) {
        byte[] head = bytes.readNBytes(8);
        int classVersion = (head[6] & 0xff) << 8 | (head[7] & 0xff);
        return classVersion <= Runtime.version().feature() + CLASS_VERSION_BEFORE_JAVA_1;
      }
    } catch (IOException | IndexOutOfBoundsException torn) {
      return false;
    }
  }

  private Path download() {
    String cacheHome = places.environment().get("XDG_CACHE_HOME");
    Path cache =
        (cacheHome != null && !cacheHome.isBlank()
                ? Path.of(cacheHome)
                : places.home().resolve(".cache"))
            .resolve("meterkite");
    Path jar = cache.resolve("cloud-firestore-emulator-v" + PINNED_VERSION + ".jar");
    try {
      if (Files.isRegularFile(jar) && sha256(jar).equals(places.sha256())) {
        return jar;
      }
      Files.createDirectories(cache);
      Path part = Files.createTempFile(cache, "download", ".part");
      try {
        fetch(part);
        Files.move(part, jar, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
      return jar;
    } catch (IOException e) {
      throw missing(e.toString(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw missing("interrupted", e);
    }
  }

  private void fetch(Path target) throws IOException, InterruptedException {
    HttpClient client =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
    HttpResponse<Path> response =
        client.send(
            HttpRequest.newBuilder(places.download()).timeout(DOWNLOAD).build(),
            HttpResponse.BodyHandlers.ofFile(target));
    if (response.statusCode() != 200) {
      throw new IOException("status " + response.statusCode());
    }
    String found = sha256(target);
    if (!found.equals(places.sha256())) {
      throw new IOException("wrong SHA-256 " + found + ", expected " + places.sha256());
    }
  }

  static String sha256(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    try (InputStream bytes = new DigestInputStream(Files.newInputStream(file), digest)) {
      bytes.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private EmulatorUnavailableException missing(String why, Throwable cause) {
    return new EmulatorUnavailableException(
        ("The Firestore emulator is not installed and could not be fetched from %s (%s):"
                + " 'gcloud components install cloud-firestore-emulator', 'apt-get install"
                + " google-cloud-cli-firestore-emulator' (from the package source of the Google"
                + " Cloud CLI) and 'firebase setup:emulators:firestore' each install it, and"
                + " FIRESTORE_EMULATOR_HOST=HOST:PORT names one that runs.")
            .formatted(places.download(), why),
        cause);
  }
}

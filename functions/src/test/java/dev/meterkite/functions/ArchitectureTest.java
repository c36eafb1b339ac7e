package dev.meterkite.functions;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.cloud.functions.CloudEventsFunction;
import com.google.cloud.functions.HttpFunction;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.meterkite.functions.store.Store;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may use whom, and what nobody may use. */
class ArchitectureTest {
  /**
   * Which feature may use which other one. What a feature has to do with any feature that is not
   * named beside it, it does through documents.
   */
  static final Map<String, Set<String>> ARROWS =
      Map.ofEntries(
          Map.entry("credits", Set.of("alerts", "prices", "plans")),
          Map.entry("usage", Set.of("alerts")),
          Map.entry("spans", Set.of("credits", "usage")),
          Map.entry("quotas", Set.of("alerts", "usage")),
          Map.entry("health", Set.of("alerts", "quotas")),
          Map.entry("routing", Set.of("alerts", "health", "quotas", "prices")),
          Map.entry("customers", Set.of("alerts", "usage", "plans")),
          Map.entry("persons", Set.of()),
          Map.entry("prices", Set.of()),
          Map.entry("plans", Set.of()),
          Map.entry("alerts", Set.of()));

  /**
   * The packages of the model of credits, from the bottom up: each uses only those before it.
   * Others that use the model may use any of them.
   */
  private static final List<String> CREDITS =
      Stream.of(
              "",
              ".lots",
              ".stripe",
              ".journal",
              ".holds",
              ".ledger",
              ".jobs",
              ".commands",
              ".payments",
              ".rules",
              ".audit")
          .map(name -> "dev.meterkite.model.credits" + name)
          .toList();

  private static final int LARGEST_PACKAGE_OF_CREDITS = 15;

  /** What every feature may use. */
  private static final String[] COMMON = {
    "dev.meterkite.functions.backend",
    "dev.meterkite.functions.catalog",
    "dev.meterkite.functions.events",
    "dev.meterkite.functions.http",
    "dev.meterkite.functions.log",
    "dev.meterkite.functions.store",
    "dev.meterkite.functions",
  };

  private static final String FUNCTIONS = "dev.meterkite.functions";
  private static final String MODEL = "dev.meterkite.model";
  private static final int LONGEST_FUNCTION_CLASS = 80;
  private static final JavaClasses CODE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(FUNCTIONS, MODEL);

  @Test
  void packages_haveNoCycles() {
    slices().matching("dev.meterkite.(**)").should().beFreeOfCycles().check(CODE);
  }

  @Test
  void features_useOneAnotherByTheListedArrowsOnly() {
    ARROWS.forEach(
        (feature, used) -> {
          List<String> forbidden = new ArrayList<>();
          ARROWS.keySet().stream()
              .filter(other -> !other.equals(feature) && !used.contains(other))
              .forEach(other -> forbidden.add(packageOf(other)));
          noClasses()
              .that(resideInAPackage(packageOf(feature)))
              .should()
              .dependOnClassesThat(resideInAnyPackage(forbidden.toArray(String[]::new)))
              .allowEmptyShould(true)
              .check(CODE);
        });
  }

  @Test
  void packagesOfCredits_useEarlierOnesOnly() {
    for (int i = 0; i < CREDITS.size(); i++) {
      List<String> later = CREDITS.subList(i + 1, CREDITS.size());
      noClasses()
          .that(resideInAPackage(CREDITS.get(i)))
          .should()
          .dependOnClassesThat(resideInAnyPackage(later.toArray(String[]::new)))
          .check(CODE);
    }
  }

  @Test
  void packagesOfCredits_areListedAndSmall() {
    Map<String, Integer> files = new TreeMap<>();
    for (JavaClass type : CODE) {
      if (type.getPackageName().startsWith(CREDITS.get(0)) && type.isTopLevelClass()) {
        files.merge(type.getPackageName(), 1, Integer::sum);
      }
    }
    assertEquals(Set.copyOf(CREDITS), files.keySet());
    files.forEach(
        (name, count) ->
            assertTrue(count <= LARGEST_PACKAGE_OF_CREDITS, name + " has " + count + " files"));
  }

  @Test
  void features_areNotUsedByWhatTheyStandOn() {
    String[] features =
        ARROWS.keySet().stream().map(ArchitectureTest::packageOf).toArray(String[]::new);
    noClasses()
        .that(resideInAnyPackage(COMMON))
        .should()
        .dependOnClassesThat(resideInAnyPackage(features))
        .check(CODE);
  }

  @Test
  void packagesOfFunctions_areAFeatureOrCommon() {
    Set<String> known = new HashSet<>(Set.of(COMMON));
    ARROWS.keySet().forEach(feature -> known.add(packageOf(feature)));
    for (JavaClass type : CODE) {
      if (type.getPackageName().startsWith(FUNCTIONS)) {
        assertTrue(known.contains(type.getPackageName()), type.getName() + " has no place");
      }
    }
  }

  @Test
  void feature_showsItsFunctionsAndOneOperationsClass() {
    Map<String, List<String>> operations = new TreeMap<>();
    for (JavaClass type : CODE) {
      if (isFeature(type)
          && type.getModifiers().contains(JavaModifier.PUBLIC)
          && type.isTopLevelClass()
          && !isFunction(type)) {
        operations
            .computeIfAbsent(type.getPackageName(), name -> new ArrayList<>())
            .add(type.getSimpleName());
      }
    }
    assertFalse(operations.isEmpty(), "no feature was looked at");
    operations.forEach(
        (feature, shown) -> assertEquals(1, shown.size(), feature + " shows " + shown));
  }

  @Test
  void model_standsOnTheJavaPlatformAlone() {
    classes()
        .that(resideInAPackage(MODEL + ".."))
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(MODEL + "..", "java..", "org.jspecify.."))
        .check(CODE);
    noClasses()
        .that(resideInAPackage(MODEL + ".."))
        .should()
        .dependOnClassesThat(resideInAnyPackage("java.util.logging", "java.net.http", "java.sql"))
        .check(CODE);
  }

  @Test
  void model_hasNoClockAndNoChance() {
    noClasses()
        .that(resideInAPackage(MODEL + ".."))
        .should()
        .dependOnClassesThat(
            JavaClass.Predicates.assignableTo(Clock.class)
                .or(JavaClass.Predicates.assignableTo(Random.class))
                .or(JavaClass.Predicates.assignableTo(InstantSource.class)))
        .orShould()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(LocalDate.class, "now")
        .orShould()
        .callMethod(LocalDateTime.class, "now")
        .orShould()
        .callMethod(ZonedDateTime.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(UUID.class, "randomUUID")
        .orShould()
        .callMethod(Math.class, "random")
        .orShould()
        .callMethod(ThreadLocalRandom.class, "current")
        .check(CODE);
  }

  @Test
  void environment_isReadBySettingsOnly() {
    noClasses()
        .that(DescribedPredicate.not(JavaClass.Predicates.type(Settings.class)))
        .should()
        .callMethod(System.class, "getenv")
        .orShould()
        .callMethod(System.class, "getenv", String.class)
        .check(CODE);
  }

  /** But by the benchmark and the demo, to be compared with. */
  @Test
  void transactionsOfTheClientLibrary_areNotUsed() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("com.google.cloud.firestore.Transaction")
        .check(CODE);
    assertEquals(
        List.of(),
        linesWith("runTransaction", "main").stream()
            .filter(line -> !line.startsWith("../bench/"))
            .filter(line -> !line.contains("/UsualDebit.java") && !line.contains("/DemoHotUser."))
            .toList());
  }

  /** One rule for what follows a failed commit: that of the engine and of ConditionalUpdate. */
  @Test
  void commits_areMadeInTheStoreOnly() {
    noClasses()
        .that(
            resideInAPackage("dev.meterkite.functions..")
                .and(DescribedPredicate.not(resideInAPackage("dev.meterkite.functions.store"))))
        .should()
        .callMethod(Store.class, "commit", List.class)
        .check(CODE);
  }

  @Test
  void names_sayWhatAClassIs() {
    noClasses().should().haveNameMatching(".*(Manager|Helper|Utils?|Service|Impl)").check(CODE);
    Pattern empty = Pattern.compile(".*(Manager|Helpers?|Utils?|Service|Impl)\\.java");
    for (Path file : sources("main", "test")) {
      assertFalse(empty.matcher(file.getFileName().toString()).matches(), file.toString());
    }
  }

  @Test
  void topLevelTypes_haveNamesOfTheirOwn() throws IOException {
    Map<String, Path> known = new TreeMap<>();
    List<String> twice = new ArrayList<>();
    for (Path file : sourcesOfAllModules()) {
      Path other = known.putIfAbsent(file.getFileName().toString(), file);
      if (other != null) {
        twice.add(other + " and " + file);
      }
    }
    assertTrue(known.size() > CODE.size() / 4, "sources are missing: " + known.size());
    assertEquals(List.of(), twice);
  }

  /** Main and test code of all modules; one file holds one top-level type. */
  private static List<Path> sourcesOfAllModules() throws IOException {
    List<Path> sources = new ArrayList<>();
    try (Stream<Path> modules = Files.list(Path.of(".."))) {
      for (Path module : modules.sorted().toList()) {
        for (String kind : List.of("main", "test")) {
          Path root = module.resolve(Path.of("src", kind, "java"));
          if (Files.isDirectory(root)) {
            try (Stream<Path> files = Files.walk(root)) {
              files
                  .filter(file -> file.toString().endsWith(".java"))
                  .filter(file -> !file.endsWith("package-info.java"))
                  .forEach(sources::add);
            }
          }
        }
      }
    }
    return sources;
  }

  @Test
  void tests_doNotSleep() {
    assertEquals(List.of(), linesWith("Thread" + ".sleep", "test"));
    assertEquals(List.of(), linesWith("Unit" + ".sleep", "test"));
  }

  @Test
  void functionClasses_areShort() throws IOException {
    int seen = 0;
    for (JavaClass type : CODE) {
      if (isFunction(type) && type.isTopLevelClass() && isFeature(type)) {
        Path source = Path.of("src/main/java", type.getName().replace('.', '/') + ".java");
        long lines =
            Files.readAllLines(source).stream()
                .filter(line -> !line.isBlank())
                .filter(line -> !line.startsWith("import ") && !line.startsWith("package "))
                .count();
        assertTrue(lines <= LONGEST_FUNCTION_CLASS, source + " has " + lines + " lines");
        seen++;
      }
    }
    assertTrue(seen > 0, "no function was looked at");
  }

  private static String packageOf(String feature) {
    return FUNCTIONS + "." + feature;
  }

  private static boolean isFeature(JavaClass type) {
    return ARROWS.keySet().stream()
        .anyMatch(feature -> type.getPackageName().equals(packageOf(feature)));
  }

  private static boolean isFunction(JavaClass type) {
    return type.isAssignableTo(HttpFunction.class)
        || type.isAssignableTo(CloudEventsFunction.class);
  }

  private static List<String> linesWith(String text, String... trees) {
    List<String> found = new ArrayList<>();
    for (Path file : sources(trees)) {
      if (file.endsWith("ArchitectureTest.java")) {
        continue;
      }
      try {
        int number = 0;
        for (String line : Files.readAllLines(file)) {
          number++;
          if (line.contains(text)) {
            found.add(file + ":" + number);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return found;
  }

  /** The Java files of all modules. */
  private static List<Path> sources(String... trees) {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> modules = Files.list(Path.of(".."))) {
      for (Path module : modules.toList()) {
        for (String tree : trees) {
          Path root = module.resolve("src").resolve(tree).resolve("java");
          if (Files.isDirectory(root)) {
            try (Stream<Path> found = Files.walk(root)) {
              found.filter(file -> file.toString().endsWith(".java")).forEach(files::add);
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertTrue(files.size() > 50, "the sources were not found");
    return files;
  }
}

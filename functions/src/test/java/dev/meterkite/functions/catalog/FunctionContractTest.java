package dev.meterkite.functions.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.cloud.functions.CloudEventsFunction;
import com.google.cloud.functions.HttpFunction;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.meterkite.functions.events.Trigger;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.store.GroupCommit;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** functions.tsv, the classes it names and what callers were promised say the same. */
class FunctionContractTest {
  /** Whoever has a token of a configured issuer; an endpoint without roles. */
  private static final String ANYONE = "any";

  private static FunctionTable table;
  private static List<FunctionEntry> functions;
  private static Map<String, Promise> promises;

  private record Promise(String method, String trigger, Set<String> roles, String key) {}

  @BeforeAll
  static void read() throws IOException {
    table = FunctionTable.read(Path.of("..", "functions.tsv"));
    functions = table.entries();
    promises = new LinkedHashMap<>();
    try (InputStream text =
        FunctionContractTest.class.getClassLoader().getResourceAsStream("contract.tsv")) {
      for (String line :
          new String(Objects.requireNonNull(text).readAllBytes(), StandardCharsets.UTF_8)
              .split("\n", -1)) {
        if (!line.isBlank() && !line.startsWith("#")) {
          String[] cells = line.split("\t", -1);
          promises.put(
              cells[0], new Promise(cells[1], cells[2], Set.of(cells[3].split(",", -1)), cells[4]));
        }
      }
    }
    // The functions connect to what it has started.
    Hosted.shared();
  }

  @Test
  void everyLine_namesAFunctionThatThePlatformCanMake() throws ReflectiveOperationException {
    for (FunctionEntry entry : functions) {
      Class<?> kind =
          entry.kind() == FunctionEntry.Kind.EVENT ? CloudEventsFunction.class : HttpFunction.class;
      assertTrue(
          kind.isInstance(function(entry)), at(entry) + "its class is no " + kind.getSimpleName());
    }
  }

  @Test
  void everyLine_isAPromisedFunctionWithItsTriggerAndRoles() {
    for (FunctionEntry entry : functions) {
      Promise promise = promise(entry);
      assertEquals(promise.trigger(), trigger(entry), at(entry) + "trigger");
      Set<String> roles = entry.roles().isEmpty() ? Set.of("-") : Set.copyOf(entry.roles());
      assertEquals(promise.roles(), roles, at(entry) + "roles");
    }
  }

  @Test
  void everyEndpoint_hasTheNameMethodRolesAndKeyOfItsLine() throws ReflectiveOperationException {
    for (FunctionEntry entry : functions) {
      Promise promise = promise(entry);
      if (entry.kind() == FunctionEntry.Kind.EVENT) {
        continue;
      }
      Endpoint<?> endpoint =
          fieldOf(entry, Endpoint.class)
              .orElseThrow(() -> new AssertionError(at(entry) + "its class keeps no Endpoint"));
      assertEquals(entry.name(), endpoint.name(), at(entry) + "name of its Endpoint");
      assertEquals(promise.method(), endpoint.method().name(), at(entry) + "method");
      assertEquals(promise.roles(), rolesOf(endpoint), at(entry) + "roles of its Endpoint");
      assertEquals(
          promise.key(), endpoint.key().name().toLowerCase(Locale.ROOT), at(entry) + "key");
    }
  }

  @Test
  void everyTrigger_listensToTheCollectionOfItsLine() throws ReflectiveOperationException {
    for (FunctionEntry entry : functions) {
      if (entry.event() == null) {
        continue;
      }
      Trigger trigger =
          fieldOf(entry, Trigger.class)
              .orElseThrow(() -> new AssertionError(at(entry) + "its class keeps no Trigger"));
      assertEquals(entry.name(), trigger.name(), at(entry) + "name of its Trigger");
      assertEquals(
          entry.event().pattern().split("/", -1)[0],
          trigger.collection(),
          at(entry) + "collection of its Trigger");
      assertTrue(entry.retry(), at(entry) + "without retry it would lose events");
    }
  }

  /** With one request at a time an instance has nothing to put into one commit. */
  @Test
  void functionsThatUseTheEngine_serveManyRequestsAtOnce() {
    JavaClasses code =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.meterkite.functions");
    Set<String> seen = new TreeSet<>();
    for (FunctionEntry entry : functions) {
      if (code.contain(entry.entryPoint()) && usesEngine(code.get(entry.entryPoint()))) {
        seen.add(entry.name());
        assertTrue(entry.concurrency() > 1, at(entry) + "concurrency must be above 1");
        assertTrue(entry.cpu() >= 1, at(entry) + "cpu must be 1 or more");
      }
    }
    assertTrue(seen.contains("debit-credits"), "the search found " + seen);
  }

  /** Whether a class reaches the engine through classes of features. */
  private static boolean usesEngine(JavaClass function) {
    Set<JavaClass> seen = new HashSet<>();
    Deque<JavaClass> next = new ArrayDeque<>(List.of(function));
    while (!next.isEmpty()) {
      JavaClass type = next.remove();
      if (!seen.add(type)) {
        continue;
      }
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass();
        if (target.getName().equals(GroupCommit.class.getName())) {
          return true;
        }
        String home = target.getPackageName();
        if (home.startsWith("dev.meterkite.functions.")
            && !home.endsWith(".backend")
            && !home.endsWith(".store")) {
          next.add(target);
        }
      }
    }
    return false;
  }

  private static String at(FunctionEntry entry) {
    return "functions.tsv:" + table.line(entry.name()) + " " + entry.name() + ": ";
  }

  private static Promise promise(FunctionEntry entry) {
    Promise promise = promises.get(entry.name());
    assertNotNull(promise, at(entry) + "src/test/resources/contract.tsv has no line for it");
    return promise;
  }

  private static Object function(FunctionEntry entry) throws ReflectiveOperationException {
    try {
      return Class.forName(entry.entryPoint()).getConstructor().newInstance();
    } catch (ClassNotFoundException | NoSuchMethodException e) {
      String message = "no public class with a constructor without arguments: " + e.getMessage();
      throw new AssertionError(at(entry) + message);
    }
  }

  private static <T> Optional<T> fieldOf(FunctionEntry entry, Class<T> type)
      throws ReflectiveOperationException {
    Object function = function(entry);
    for (Field field : function.getClass().getDeclaredFields()) {
      if (field.getType() == type) {
        field.setAccessible(true);
        return Optional.of(type.cast(field.get(function)));
      }
    }
    return Optional.empty();
  }

  private static Set<String> rolesOf(Endpoint<?> endpoint) {
    return endpoint.roles().isEmpty()
        ? Set.of(ANYONE)
        : endpoint.roles().stream()
            .map(role -> role.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet());
  }

  private static String trigger(FunctionEntry entry) {
    if (entry.event() != null) {
      return entry.event().change() + " " + entry.event().pattern();
    }
    return Objects.requireNonNullElse(entry.schedule(), "-");
  }
}

package dev.meterkite.functions.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.cloud.functions.CloudEventsFunction;
import com.google.cloud.functions.HttpFunction;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FunctionTableTest {
  private static final Path TABLE = Path.of("..", "functions.tsv");
  private static final String HEADER =
      "name\tclass\tkind\ttrigger\taccount\tmemory\tcpu\tconcurrency\tmin\tmax\ttimeout\tretry"
          + "\troles\n";
  private static final String HTTP =
      "echo\ta.Echo\thttp\t-\tacc\t512\t1\t80\t0\t10\t30\tfalse\tservice,admin\n";
  private static final String EVENT =
      "on-x\ta.OnX\tevent\twritten xs/{x_id}\tacc\t256\t0.5\t1\t1\t3\t60\ttrue\t-\n";
  private static final String SCHEDULED =
      "sweep\ta.Sweep\tschedule-http\t*/5 * * * *\tacc\t512\t1\t80\t0\t1\t300\tfalse\tscheduler\n";

  @Test
  void everyFunctionClass_standsInTheTable() throws IOException {
    var inTable =
        FunctionTable.read(TABLE).entries().stream()
            .map(FunctionEntry::entryPoint)
            .collect(Collectors.toCollection(TreeSet::new));
    var inCode =
        new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.meterkite.functions")
                .stream()
                .filter(FunctionTableTest::isFunction)
                .map(JavaClass::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    inCode.removeAll(inTable);
    assertEquals(List.of(), List.copyOf(inCode), "functions that functions.tsv does not list");
  }

  private static boolean isFunction(JavaClass type) {
    return !type.isInterface()
        && !type.getModifiers().contains(JavaModifier.ABSTRACT)
        && (type.isAssignableTo(HttpFunction.class)
            || type.isAssignableTo(CloudEventsFunction.class));
  }

  @Test
  void lines_areReadInOrder() {
    FunctionTable table =
        FunctionTable.parse("# comment\n\n" + HEADER + HTTP + "# more\n" + EVENT + SCHEDULED);

    assertEquals(
        List.of("echo", "on-x", "sweep"),
        table.entries().stream().map(FunctionEntry::name).toList());
    FunctionEntry echo = table.find("echo").orElseThrow();
    assertEquals(FunctionEntry.Kind.HTTP, echo.kind());
    assertEquals(List.of("service", "admin"), echo.roles());
    assertEquals(80, echo.concurrency());
    FunctionEntry event = table.find("on-x").orElseThrow();
    assertEquals(new FunctionEntry.EventTrigger("written", "xs/{x_id}"), event.event());
    assertTrue(event.retry());
    assertEquals(Duration.ofMinutes(1), event.timeout());
    assertEquals("*/5 * * * *", table.find("sweep").orElseThrow().schedule());
    assertTrue(table.find("nobody").isEmpty() && table.find(null).isEmpty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "http        | cron",
        "\t-\tacc    | \t* * * * *\tacc",
        "echo        | Echo_",
        "\t512       | \t100",
        "\t512       | \tmuch",
        "\t1\t80     | \t0.5\t80",
        "\t80        | \t0",
        "\t0\t10     | \t11\t10",
        "\t30        | \t3601",
        "false       | maybe",
        "false       | true",
        "service,admin | -",
        "\tservice,admin | ''",
      })
  void wrongValue_isRefusedWithItsLine(String right, String wrong) {
    String text = HEADER + EVENT + HTTP.replace(right, wrong);
    String message =
        assertThrows(IllegalArgumentException.class, () -> FunctionTable.parse(text)).getMessage();
    assertTrue(message.startsWith("line 3: "), message);
  }

  @ParameterizedTest
  @CsvSource({
    "written xs/{x_id},changed xs/{x_id}",
    "written xs/{x_id},written xs",
    "written xs/{x_id},xs/{x_id}"
  })
  void wrongEventTrigger_isRefused(String right, String wrong) {
    assertThrows(
        IllegalArgumentException.class,
        () -> FunctionTable.parse(HEADER + EVENT.replace(right, wrong)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"* * * *", "60 * * * *", "every minute"})
  void wrongSchedule_isRefusedWithItsLine(String wrong) {
    String text = HEADER + SCHEDULED.replace("*/5 * * * *", wrong);
    String message =
        assertThrows(IllegalArgumentException.class, () -> FunctionTable.parse(text)).getMessage();
    assertTrue(message.startsWith("line 2: cron"), message);
  }

  @Test
  void nameTwiceOrAnotherHeader_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> FunctionTable.parse(HEADER + HTTP + HTTP));
    assertThrows(IllegalArgumentException.class, () -> FunctionTable.parse(HTTP));
  }
}

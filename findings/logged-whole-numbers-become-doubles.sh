#!/usr/bin/env bash
# google-cloud-logging 3.24.0 (Maven Central): whole numbers in a structured log line.
#
# Guess: a field of a JSON payload whose value is a Java Long is written to standard output (the way that Cloud Run
# brings lines into Cloud Logging) as that whole number, since it is text from the first to the last step.
# What happens: toStructuredJsonString, which LoggingHandler uses with redirectToStdout, copies the payload into a
# protobuf Struct, whose only number is a double. 200 becomes 200.0, 12345678901 becomes 1.2345678901E10, and
# 9007199254740993 becomes 9.007199254740992E15: another number. No error, no warning.
# Why it matters: amounts in micro-USD or pico-USD, sequence numbers and snowflake ids of a ledger pass 2^53 sooner
# than one thinks. Books that are compared with the log, or metrics extracted from it, are off by a few units, and a
# filter such as jsonPayload.transaction_number=9007199254740993 finds a neighbour. Log such figures as text.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>try</groupId>
  <artifactId>try</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.google.cloud</groupId>
      <artifactId>google-cloud-logging</artifactId>
      <version>3.24.0</version>
    </dependency>
  </dependencies>
</project>
XML
mvn -q --batch-mode -Dmaven.repo.local="$folder/repo" org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >/dev/null

cat >Try.java <<'JAVA'
import com.google.cloud.logging.LogEntry;
import com.google.cloud.logging.Payload;
import com.google.cloud.logging.Severity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

class Try {
  public static void main(String[] args) throws Exception {
    try (var jars = Files.list(Path.of("lib"))) {
      jars.map(jar -> jar.getFileName().toString())
          .filter(name -> name.matches("google-cloud-logging-[0-9.]+\\.jar"))
          .forEach(System.out::println);
    }
    Map<String, Object> payload = new LinkedHashMap<>();
    payload.put("message", "debit");
    payload.put("status", 200);
    payload.put("cost_picos", 12_345_678_901L);
    payload.put("transaction_number", 9_007_199_254_740_993L);
    payload.put("transaction_text", "9007199254740993");
    String line =
        LogEntry.newBuilder(Payload.JsonPayload.of(payload))
            .setSeverity(Severity.INFO)
            .setTimestamp(Instant.EPOCH)
            .build()
            .toStructuredJsonString();
    System.out.println(line);
    boolean same =
        line.contains("\"status\":200.0,")
            && line.contains("\"cost_picos\":1.2345678901E10,")
            && line.contains("\"transaction_number\":9.007199254740992E15,")
            && line.contains("\"transaction_text\":\"9007199254740993\"");
    if (!same) {
      System.err.println("The behaviour has changed.");
      System.exit(1);
    }
  }
}
JAVA
java -cp 'lib/*' Try.java

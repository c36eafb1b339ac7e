package dev.meterkite.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** A table of functions that only tests have. */
final class TestTable {
  private TestTable() {}

  static Path write(Path folder) throws IOException {
    return Files.writeString(
        folder.resolve("functions.tsv"),
        """
        name	class	kind	trigger	account	memory	cpu	concurrency	min	max	timeout	retry	roles
        echo	dev.meterkite.local.Echo	http	-	test	512	1	80	0	1	30	false	service
        sweep	dev.meterkite.local.Echo	schedule-http	* * * * *	test	512	1	80	0	1	30	false	scheduler
        on-note-written	dev.meterkite.local.Recorder	event	written notes/{note_id}	test	512	1	80	0	1	30	true	-
        on-memo-created	dev.meterkite.local.Recorder	event	created memos/{memo_id}	test	512	1	80	0	1	30	false	-
        """);
  }

  static Path httpOnly(Path folder) throws IOException {
    return Files.writeString(
        folder.resolve("functions.tsv"),
        """
        name	class	kind	trigger	account	memory	cpu	concurrency	min	max	timeout	retry	roles
        echo	dev.meterkite.local.Echo	http	-	test	512	1	80	0	1	30	false	service
        """);
  }

  /** These lines of the real table. */
  static Path of(Path folder, String... functions) throws IOException {
    List<String> lines =
        Files.readAllLines(Path.of("").toAbsolutePath().getParent().resolve("functions.tsv"));
    Set<String> wanted = Set.of(functions);
    return Files.write(
        folder.resolve("functions.tsv"),
        lines.stream()
            .filter(line -> !line.startsWith("#"))
            .filter(line -> line.startsWith("name\t") || wanted.contains(line.split("\t", 2)[0]))
            .toList());
  }
}

package dev.meterkite.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

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
}

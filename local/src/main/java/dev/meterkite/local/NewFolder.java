package dev.meterkite.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder that files are written to, and that may be missing. */
final class NewFolder {
  private NewFolder() {}

  /**
   * Finds out whether files can be written to a folder, and leaves nothing behind. Of missing
   * folders the topmost one is made and removed, because permissions alone do not say whether it
   * can be made, for example below {@code /proc}.
   *
   * @throws LocalHostException with one sentence where they cannot
   */
  static void check(Path folder) {
    Path absolute = folder.toAbsolutePath();
    if (Files.isDirectory(absolute) ? !Files.isWritable(absolute) : !canBeMade(absolute)) {
      throw new LocalHostException(folder + " cannot be written.");
    }
  }

  private static boolean canBeMade(Path folder) {
    Path top = folder;
    for (Path above = top.getParent();
        above != null && !Files.exists(above);
        above = above.getParent()) {
      top = above;
    }
    try {
      Files.createDirectory(top);
      Files.delete(top);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}

package dev.meterkite.functions;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * The time that all rules see, cut to microseconds, which is what Firestore keeps. In the cloud it
 * is the system clock. On a developer's machine it is the system clock plus an offset that the
 * local host keeps in a file of eight bytes (microseconds, big endian), mapped into the memory of
 * every process: all functions move through time together, and reading it costs no system call.
 *
 * <p>Example: with 3,600,000,000 in the file and 12:00 on the wall, it is 13:00.
 */
public final class DomainClock implements InstantSource {
  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final InstantSource real;
  private final @Nullable ByteBuffer offset;

  private DomainClock(InstantSource real, @Nullable ByteBuffer offset) {
    this.real = real;
    this.offset = offset;
  }

  /**
   * The clock of a process.
   *
   * @param file holds the offset; null (as in the cloud) for the system clock itself
   * @throws UncheckedIOException if the file cannot be mapped or is shorter than eight bytes
   */
  public static DomainClock of(@Nullable Path file) {
    return of(InstantSource.system(), file);
  }

  static DomainClock of(InstantSource real, @Nullable Path file) {
    return new DomainClock(real, file == null ? null : map(file));
  }

  private static MappedByteBuffer map(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() < Long.BYTES) {
        throw new IOException(file + " is shorter than " + Long.BYTES + " bytes");
      }
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, Long.BYTES);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Instant instant() {
    Instant now = real.instant().truncatedTo(ChronoUnit.MICROS);
    return offset == null ? now : now.plus((long) LONG.getVolatile(offset, 0), ChronoUnit.MICROS);
  }
}

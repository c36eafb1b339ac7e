package dev.meterkite.local;

import dev.meterkite.functions.DomainClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The writing side of {@link DomainClock}: the offset in a mapped file that all functions on this
 * machine read.
 */
public final class LocalClock implements InstantSource, AutoCloseable {
  /** What Firestore can keep: the years 1 to 9999. */
  static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");

  static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999Z");

  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final Path file;
  private final ByteBuffer offset;
  private final NavigableMap<Instant, Long> offsets = new TreeMap<>();
  private final DomainClock reader;

  /** Creates the file in {@code folder}, with the offset zero. */
  public LocalClock(Path folder) throws IOException {
    file = Files.createTempFile(folder, "clock", ".offset");
    Files.write(file, new byte[Long.BYTES]);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      offset = channel.map(FileChannel.MapMode.READ_WRITE, 0, Long.BYTES);
    }
    reader = DomainClock.of(file);
  }

  /** The file that {@code CLOCK_FILE} names. */
  public Path file() {
    return file;
  }

  @Override
  public Instant instant() {
    return reader.instant();
  }

  /** What the clock showed at a moment of real time since it was made. */
  synchronized Instant at(Instant real) {
    Map.Entry<Instant, Long> move = offsets.floorEntry(real);
    return move == null ? real : real.plus(move.getValue(), ChronoUnit.MICROS);
  }

  /**
   * Moves the clock to a moment, from which it runs on.
   *
   * @throws IllegalArgumentException outside the years 1 to 9999
   */
  public synchronized void set(Instant moment) {
    if (moment.isBefore(EARLIEST) || moment.isAfter(LATEST)) {
      throw new IllegalArgumentException("must be from " + EARLIEST + " to " + LATEST);
    }
    Instant real = Instant.now();
    long micros = ChronoUnit.MICROS.between(real, moment);
    offsets.put(real, micros);
    LONG.setVolatile(offset, 0, micros);
  }

  /**
   * Moves the clock by an amount, back where it is negative.
   *
   * @throws IllegalArgumentException if that leaves the years 1 to 9999
   */
  public synchronized void advance(Duration amount) {
    Instant target;
    try {
      target = instant().plus(amount);
    } catch (java.time.DateTimeException | ArithmeticException e) {
      throw new IllegalArgumentException("is too long", e);
    }
    set(target);
  }

  /** Deletes the file; processes that have mapped it go on reading the last offset. */
  @Override
  public void close() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

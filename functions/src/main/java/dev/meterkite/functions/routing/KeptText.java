package dev.meterkite.functions.routing;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/** A long text as a short one that a document can hold: deflated, then as Base64. */
final class KeptText {
  /** The most bytes that are inflated again. */
  private static final int MOST = 4 << 20;

  private KeptText() {}

  /** The short form; empty if it is longer than {@code most} characters. */
  static Optional<String> of(String text, int most) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflated = new DeflaterOutputStream(bytes)) {
      deflated.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot fail", e);
    }
    String kept = Base64.getEncoder().withoutPadding().encodeToString(bytes.toByteArray());
    return kept.length() <= most ? Optional.of(kept) : Optional.empty();
  }

  /** The text of a short form; empty for what is none, as another program may write it. */
  static Optional<String> read(@Nullable Object kept) {
    if (!(kept instanceof String text)) {
      return Optional.empty();
    }
    try (InflaterInputStream inflated =
        new InflaterInputStream(new ByteArrayInputStream(Base64.getDecoder().decode(text)))) {
      return Optional.of(new String(inflated.readNBytes(MOST), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException | IOException noShortForm) {
      return Optional.empty();
    }
  }
}

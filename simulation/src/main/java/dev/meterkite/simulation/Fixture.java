package dev.meterkite.simulation;

import dev.meterkite.functions.catalog.FunctionTable;
import dev.meterkite.functions.http.Callers;
import dev.meterkite.local.TokenIssuer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** What plays share: the functions, and who may call them. */
final class Fixture implements AutoCloseable {
  private final Identity identity = new Identity();
  private final FunctionTable functions;
  private final Callers callers;

  /**
   * @param table {@code functions.tsv}
   */
  Fixture(Path table) {
    try {
      functions = FunctionTable.read(table);
    } catch (IOException e) {
      identity.close();
      throw new UncheckedIOException(e);
    }
    callers = Callers.of(Play.settings(identity.tokens()));
  }

  TokenIssuer tokens() {
    return identity.tokens();
  }

  FunctionTable functions() {
    return functions;
  }

  Callers callers() {
    return callers;
  }

  @Override
  public void close() {
    identity.close();
  }
}

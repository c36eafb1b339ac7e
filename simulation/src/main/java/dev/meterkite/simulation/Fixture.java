package dev.meterkite.simulation;

import dev.meterkite.functions.catalog.FunctionTable;
import dev.meterkite.functions.http.Callers;
import dev.meterkite.functions.simulated.TimeToLive;
import dev.meterkite.local.TokenIssuer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** What plays share: the functions, and who may call them. */
final class Fixture implements AutoCloseable {
  private final Identity identity = new Identity();
  private final FunctionTable functions;
  private final Map<String, String> ends;
  private final Callers callers;

  /**
   * @param table {@code functions.tsv}, beside which {@code firestore.indexes.json} is
   */
  Fixture(Path table) {
    try {
      functions = FunctionTable.read(table);
      ends = TimeToLive.ofIndexes(Files.readString(table.resolveSibling("firestore.indexes.json")));
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

  /** The fields with the ends of documents, by collection. */
  Map<String, String> ends() {
    return ends;
  }

  Callers callers() {
    return callers;
  }

  @Override
  public void close() {
    identity.close();
  }
}

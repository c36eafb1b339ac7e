package dev.meterkite.local;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Bounded portions of documents, and commits that are decided again when others came first. */
public final class Pages {
  /** The most documents of a portion. */
  static final int MOST = 100;

  /** About how many characters of documents a portion has at most, unless one alone has more. */
  private static final int MOST_CHARACTERS = 1_500_000;

  private static final int READ_AT_ONCE = 300;

  private static final int MAX_ATTEMPTS = 6;
  private static final long FIRST_PAUSE_MILLIS = 25;

  private Pages() {}

  /** The documents in portions, in their order. */
  static List<List<Map.Entry<DocRef, Map<String, Object>>>> of(
      Map<DocRef, Map<String, Object>> documents) {
    List<List<Map.Entry<DocRef, Map<String, Object>>>> pages = new ArrayList<>();
    List<Map.Entry<DocRef, Map<String, Object>>> page = new ArrayList<>();
    long characters = 0;
    for (Map.Entry<DocRef, Map<String, Object>> document : documents.entrySet()) {
      int length = document.getValue().toString().length();
      if (page.size() == MOST || (!page.isEmpty() && characters + length > MOST_CHARACTERS)) {
        pages.add(page);
        page = new ArrayList<>();
        characters = 0;
      }
      page.add(document);
      characters += length;
    }
    if (!page.isEmpty()) {
      pages.add(page);
    }
    return pages;
  }

  /** Reads a portion; repeated while there is no answer, which harms nobody. */
  public static List<Snapshot> read(Store store, List<DocRef> refs) {
    return repeated(() -> store.read(refs).join());
  }

  /** Runs a query; repeated while there is no answer. */
  public static List<Snapshot> find(Store store, Query query) {
    return repeated(() -> store.find(query).join());
  }

  /** Hands all documents of a collection over, in the order of their ids. */
  static void each(Store store, String collection, Consumer<Snapshot> action) {
    Query query = Query.of(collection, READ_AT_ONCE).ascending(Query.ID);
    List<Snapshot> page = find(store, query);
    while (!page.isEmpty()) {
      page.forEach(action);
      page = find(store, query.after(List.of(page.get(page.size() - 1).ref().id())));
    }
  }

  /**
   * Commits what is decided, and decides again when it was not, or perhaps not, applied.
   *
   * @param decision reads, and says what is missing; asked once an attempt
   * @throws CompletionException the last failure, after {@value #MAX_ATTEMPTS} attempts
   */
  public static void commit(Store store, Supplier<List<Mutation>> decision) {
    repeated(
        () -> {
          List<Mutation> mutations = decision.get();
          return mutations.isEmpty() ? null : store.commit(mutations).join();
        });
  }

  private static <T extends @Nullable Object> T repeated(Supplier<T> call) {
    for (int attempt = 1; ; attempt++) {
      try {
        return call.get();
      } catch (CompletionException e) {
        if (!mayHelp(e) || attempt == MAX_ATTEMPTS || !pause(FIRST_PAUSE_MILLIS << attempt)) {
          throw e;
        }
      }
    }
  }

  /** Whether the failure says nothing against trying again. */
  private static boolean mayHelp(CompletionException e) {
    return e.getCause() instanceof StoreException failure
        && failure.kind() != StoreException.Kind.INVALID
        && failure.kind() != StoreException.Kind.DENIED;
  }

  private static boolean pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}

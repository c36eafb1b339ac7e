package dev.meterkite.local;

import static java.util.Objects.requireNonNull;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the sections of the demo play on: a host, its documents, a caller, and the screen. Documents
 * are written as other programs write them, past all functions, in small commits that are repeated
 * when no certain answer came.
 */
final class DemoStage {
  private static final int A_COMMIT = 20;
  private static final long POLL_MILLIS = 50;
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(3);

  private final LocalHost host;
  private final FirestoreStore store;
  private final Screen screen;
  private final FunctionClient service;
  private final FunctionClient admin;
  private final List<String> surprises = new ArrayList<>();
  private @Nullable Books books;

  DemoStage(LocalHost host, FirestoreStore store, Screen screen) {
    this.host = host;
    this.store = store;
    this.screen = screen;
    this.service = new FunctionClient(host, host.tokens().service());
    this.admin = new FunctionClient(host, host.tokens().admin());
  }

  LocalHost host() {
    return host;
  }

  Screen screen() {
    return screen;
  }

  /** Calls functions with the role service. */
  FunctionClient service() {
    return service;
  }

  void row(String name, long value) {
    screen.row(name, value);
  }

  void row(String name, String value) {
    screen.row(name, value);
  }

  /** The JSON of an answer that must have this status; another one is a finding, and empty here. */
  Optional<JsonObject> expect(int status, String function, HttpResponse<String> response) {
    if (response.statusCode() == status) {
      return Optional.of(JsonParser.parseString(response.body()).getAsJsonObject());
    }
    surprise(function + " answered " + response.statusCode() + ": " + response.body());
    return Optional.empty();
  }

  /** Something that should not have happened, listed at the end. */
  synchronized void surprise(String what) {
    surprises.add(what);
  }

  synchronized List<String> surprises() {
    return List.copyOf(surprises);
  }

  /** Calls an admin's function that takes nothing, as its schedule does; {} if it failed. */
  JsonObject fire(String function) throws IOException, InterruptedException {
    return expect(200, function, admin.post(function, null, "{}")).orElseGet(JsonObject::new);
  }

  /**
   * Creates documents; those that are there already are left as they are, so that a repeat after a
   * lost answer harms nobody.
   */
  void create(Map<DocRef, Map<String, Object>> documents) {
    List<DocRef> all = List.copyOf(documents.keySet());
    for (int from = 0; from < all.size(); from += A_COMMIT) {
      List<DocRef> some = all.subList(from, Math.min(all.size(), from + A_COMMIT));
      Pages.commit(
          store,
          () ->
              Pages.read(store, some).stream()
                  .filter(found -> !found.exists())
                  .map(Snapshot::ref)
                  .map(ref -> Mutation.create(ref, requireNonNull(documents.get(ref))))
                  .toList());
    }
  }

  /** Writes what may be written twice. */
  void write(Mutation mutation) {
    Pages.commit(store, () -> List.of(mutation));
  }

  Snapshot read(DocRef ref) {
    return Pages.read(store, List.of(ref)).get(0);
  }

  List<Snapshot> find(Query query) {
    return Pages.find(store, query);
  }

  /** Waits for a condition; false, and a finding, if it has not come true within three minutes. */
  boolean await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        surprise("not within three minutes: " + what);
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    return true;
  }

  /** Waits until no event is on its way, neither in the emulator nor in the host. */
  void awaitEvents() throws InterruptedException {
    if (!host.awaitEvents(Duration.ofNanos(PATIENCE_NANOS))) {
      surprise("events are still on their way after three minutes");
    }
  }

  /** The books of all users, read once, when everything has been played. */
  Books books() {
    if (books == null) {
      books = Books.check(store);
    }
    return books;
  }

  /** How often a call had to be made again because there was no certain answer. */
  long repeats() {
    return service.repeats() + admin.repeats();
  }
}

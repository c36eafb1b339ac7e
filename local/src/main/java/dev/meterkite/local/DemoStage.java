package dev.meterkite.local;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.store.FirestoreStore;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What the sections of the demo play on: a host, its documents, a caller, and the terminal. */
final class DemoStage {
  private static final long POLL_MILLIS = 50;
  private static final long PATIENCE_NANOS = 60_000_000_000L;
  private static final int MOST_SURPRISES_SHOWN = 3;

  private final LocalHost host;
  private final FirestoreStore store;
  private final PrintStream out;
  private final Caller service;
  private final Caller admin;
  private final List<String> surprises = new ArrayList<>();
  private @Nullable Books books;

  DemoStage(LocalHost host, FirestoreStore store, PrintStream out) {
    this.host = host;
    this.store = store;
    this.out = out;
    this.service = new Caller(host, host.tokens().service());
    this.admin = new Caller(host, host.tokens().admin());
  }

  LocalHost host() {
    return host;
  }

  /** The documents, past all functions, as other programs write them. */
  FirestoreStore store() {
    return store;
  }

  PrintStream out() {
    return out;
  }

  /** Calls functions with the role service. */
  Caller service() {
    return service;
  }

  /** Calls functions with the role admin; fires schedules too. */
  Caller admin() {
    return admin;
  }

  /** A figure. */
  void row(String name, long value) {
    row(name, "%,d".formatted(value));
  }

  /** A figure that is no whole number. */
  void row(String name, String value) {
    out.printf("  %-46s %14s%n", name, value);
  }

  /** A sentence. */
  void say(String sentence) {
    out.println("  " + sentence);
  }

  /** The JSON of an answer that must have this status; another one is a finding, and empty here. */
  Optional<JsonObject> expect(int status, String function, HttpResponse<String> response) {
    if (response.statusCode() == status) {
      return Optional.of(JsonParser.parseString(response.body()).getAsJsonObject());
    }
    surprise(function + " answered " + response.statusCode() + ": " + response.body());
    return Optional.empty();
  }

  /** Something that should not have happened; the first ones are shown, all are findings. */
  synchronized void surprise(String what) {
    surprises.add(what);
    if (surprises.size() <= MOST_SURPRISES_SHOWN) {
      out.printf("%n  %s%n", what);
    }
  }

  /** Calls an admin's function that takes nothing, as its schedule does. */
  void fire(String function) throws IOException, InterruptedException {
    expect(200, function, admin.post(function, null, "{}"));
  }

  /** Waits until no event is on its way; whether that came within a minute. */
  boolean awaitEvents() throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (host.events().counts().pending() > 0) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    return true;
  }

  /** The books of all users, read once, when everything has been played. */
  Books books() {
    if (books == null) {
      books = Books.check(store);
    }
    return books;
  }

  synchronized List<String> surprises() {
    return List.copyOf(surprises);
  }

  /** How often a call had to be made again because there was no certain answer. */
  long repeats() {
    return service.repeats() + admin.repeats();
  }
}

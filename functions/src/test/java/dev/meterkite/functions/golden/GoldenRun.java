package dev.meterkite.functions.golden;

import com.google.cloud.functions.CloudEventsFunction;
import com.google.cloud.functions.HttpFunction;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.backend.Exchange;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Drain;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.functions.simulated.EventDelivery;
import dev.meterkite.functions.simulated.EventFaults;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.simulated.Platform;
import dev.meterkite.functions.simulated.ProviderResponse;
import dev.meterkite.functions.simulated.Request;
import dev.meterkite.functions.simulated.Response;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.store.ForwardingStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.Turns;
import dev.meterkite.model.document.DocRef;
import io.cloudevents.CloudEvent;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Plays the steps of one golden file: all functions over one database in memory, in virtual time,
 * with random numbers and ids from a fixed seed. Each function has its own caches and engines, as
 * in a process of its own. After each step, three seconds pass in which triggers get their events.
 */
final class GoldenRun {
  static final String STRIPE_SECRET = "whsec_golden";

  private static final Duration AFTER_A_STEP = Duration.ofSeconds(3);
  private static final List<String> NOT_SHOWN = List.of("X-Request-Id", "Cache-Control");

  private final Simulation simulation = new Simulation(1);
  private final Documents documents = new Documents(simulation, Platform.SERVICE);
  private final MemoryStore store = new MemoryStore(documents);
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();
  private final Map<String, Integer> statusByHost = new LinkedHashMap<>();
  private final Map<String, Object> functions = new LinkedHashMap<>();
  private final Set<String> used = new TreeSet<>();
  private final GoldenTokens tokens;
  private final List<String> printed = new ArrayList<>();

  GoldenRun(FunctionTable table, GoldenTokens tokens) throws ReflectiveOperationException {
    this.tokens = tokens;
    Log lines = new Log(Optional.empty(), simulation, new PrintStream(log, true));
    for (FunctionEntry entry : table.entries()) {
      functions.put(entry.name(), function(entry, lines));
    }
    EventDelivery unused =
        new EventDelivery(simulation, documents, EventFaults.NONE, table.entries(), this::deliver);
  }

  private Object function(FunctionEntry entry, Log lines) throws ReflectiveOperationException {
    Drain drain = new Drain();
    Backend backend =
        new Backend(
            tokens.settings(),
            new SortedMembers(store),
            () -> simulation.instant().truncatedTo(ChronoUnit.MICROS),
            new Machine(entry.name().hashCode()),
            new Edge(tokens.callers(), lines, drain),
            new Intake(lines, drain),
            lines);
    Exchange unused = backend.feature(Exchange.class, each -> this::exchange);
    return Class.forName(entry.entryPoint()).getConstructor(Backend.class).newInstance(backend);
  }

  /** The functions that were called or got an event so far. */
  Set<String> used() {
    return used;
  }

  /** Plays a step; what it printed. */
  List<String> play(GoldenFile.Step step) throws Exception {
    printed.clear();
    DocRef ref = step.word(1).contains("/") ? ref(step.word(1)) : null;
    switch (step.word(0)) {
      case "POST" -> call(step, post(step.word(2), step.body()));
      case "GET" -> call(step, Request.get(step.word(3)));
      case "SET" -> write(Mutation.replace(ref, Printed.fields(step.body())));
      case "UPDATE" -> write(Mutation.replace(ref, updated(ref, step.body())));
      case "DELETE" -> write(Mutation.delete(ref));
      case "PROVIDER" -> statusByHost.put(step.word(1), Integer.valueOf(step.word(2)));
      case "WAIT" -> simulation.pass(Duration.parse(step.word(1)));
      case "DOCUMENTS" -> documents.all().forEach(each -> printed.addAll(Printed.document(each)));
      default -> throw new IllegalArgumentException("no such step: " + step.words());
    }
    simulation.pass(AFTER_A_STEP);
    printLog();
    return List.copyOf(printed);
  }

  private static DocRef ref(String name) {
    int slash = name.indexOf('/');
    return new DocRef(name.substring(0, slash), name.substring(slash + 1));
  }

  private Map<String, Object> updated(DocRef ref, String json) {
    Map<String, Object> fields = new LinkedHashMap<>(documents.get(ref).fields());
    fields.putAll(Printed.fields(json));
    return fields;
  }

  private void write(Mutation mutation) {
    store.commit(List.of(mutation)).join();
  }

  private Request post(String role, String body) throws GeneralSecurityException {
    Request request = Request.post(body);
    return role.equals("stripe") ? request.header("Stripe-Signature", signature(body)) : request;
  }

  private String signature(String body) throws GeneralSecurityException {
    long seconds = simulation.instant().getEpochSecond();
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(STRIPE_SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    byte[] sum = mac.doFinal((seconds + "." + body).getBytes(StandardCharsets.UTF_8));
    return "t=" + seconds + ",v1=" + HexFormat.of().formatHex(sum);
  }

  private void call(GoldenFile.Step step, Request asked) throws Exception {
    String name = step.word(1);
    String role = step.word(2);
    used.add(name);
    Request request = asked.header("X-Request-Id", "golden");
    if (!role.equals("nobody") && !role.equals("stripe")) {
      request = request.token(tokens.of(role));
    }
    if (step.word(0).equals("POST") && !step.word(3).isEmpty()) {
      request = request.key(step.word(3));
    }
    Response response = new Response();
    ((HttpFunction) functions.get(name)).service(request, response);
    StringBuilder head = new StringBuilder("" + response.status());
    response.getContentType().ifPresent(type -> head.append(" Content-Type: ").append(type));
    new TreeMap<>(response.getHeaders())
        .forEach(
            (header, values) -> {
              if (!NOT_SHOWN.contains(header)) {
                head.append(", ").append(header).append(": ").append(String.join(", ", values));
              }
            });
    printed.add(head.toString());
    for (String line : response.body().replace("\r", "\\r").lines().toList()) {
      printed.addAll(line.startsWith("{") ? Printed.lines(line) : List.of(line));
    }
    printLog();
  }

  private CompletableFuture<?> deliver(FunctionEntry entry, CloudEvent event) {
    used.add(entry.name());
    try {
      ((CloudEventsFunction) functions.get(entry.name())).accept(event);
      return CompletableFuture.completedFuture(null);
    } catch (Exception e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private CompletableFuture<java.net.http.HttpResponse<String>> exchange(
      java.net.http.HttpRequest request, java.net.http.HttpResponse.BodyHandler<String> handler) {
    String host = request.uri().getHost();
    printed.add("sends " + request.method() + " " + request.uri());
    return CompletableFuture.completedFuture(
        new ProviderResponse(request, statusByHost.getOrDefault(host, 200)));
  }

  /** The log: severity, first line of the message and sorted fields of each line, without times. */
  private void printLog() {
    for (String line : log.toString(StandardCharsets.UTF_8).lines().toList()) {
      if (!line.isEmpty()) {
        JsonObject json = JsonParser.parseString(line).getAsJsonObject();
        json.remove("time");
        json.remove("duration_ms");
        json.remove("request_id");
        json.remove("function");
        String severity = json.remove("severity").getAsString();
        String message = json.remove("message").getAsString();
        json.remove("outcome");
        json.remove("status");
        printed.add(
            "log %s %s %s"
                .formatted(severity, message.lines().findFirst().orElse(""), sorted(json)));
      }
    }
    log.reset();
  }

  /**
   * Sorts the members of maps that are written. Rules may write a {@code Map.of}, whose order
   * differs from process to process, and Firestore keeps no order.
   */
  private static final class SortedMembers extends ForwardingStore {
    SortedMembers(Store to) {
      super(to);
    }

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      return super.commit(mutations.stream().map(SortedMembers::sorted).toList());
    }

    private static Mutation sorted(Mutation one) {
      Map<String, Object> fields = new LinkedHashMap<>();
      one.fields().forEach((path, value) -> fields.put(path, sorted(value)));
      return new Mutation(one.ref(), fields, one.increments(), one.condition(), one.version());
    }

    private static Object sorted(Object value) {
      if (value instanceof Map<?, ?> map) {
        Map<String, Object> members = new TreeMap<>();
        map.forEach((name, member) -> members.put((String) name, sorted(member)));
        return members;
      }
      return value instanceof List<?> list
          ? list.stream().map(SortedMembers::sorted).toList()
          : value;
    }
  }

  private static JsonObject sorted(JsonObject json) {
    JsonObject sorted = new JsonObject();
    new TreeMap<>(json.asMap()).forEach(sorted::add);
    return sorted;
  }

  /** A machine in virtual time, on which whoever waits for a future lets the time pass. */
  private final class Machine implements Turns {
    private final Random random;

    Machine(long seed) {
      random = new Random(seed);
    }

    @Override
    public void after(Duration delay, Runnable task) {
      if (delay.isZero()) {
        task.run();
      } else {
        simulation.after(delay, task);
      }
    }

    @Override
    public InstantSource realClock() {
      return simulation;
    }

    @Override
    public Random random() {
      return new Random(random.nextLong());
    }

    @Override
    public UUID id() {
      return new UUID(random.nextLong(), random.nextLong());
    }

    @Override
    public <T> CompletableFuture<T> promise() {
      return new Promise<>(simulation);
    }
  }

  /** A future whose {@code join} runs what is planned until the future has ended. */
  private static final class Promise<T> extends CompletableFuture<T> {
    private final Simulation simulation;

    Promise(Simulation simulation) {
      this.simulation = simulation;
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
      return new Promise<>(simulation);
    }

    @Override
    public T join() {
      while (!isDone()) {
        if (!simulation.step()) {
          throw new AssertionError("nothing is planned that could end this call");
        }
      }
      return super.join();
    }
  }
}

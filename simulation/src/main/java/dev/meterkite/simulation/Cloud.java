package dev.meterkite.simulation;

import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Exchange;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.http.Callers;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.simulated.Request;
import dev.meterkite.functions.simulated.Response;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.simulated.Tally;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import io.cloudevents.CloudEvent;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where functions run: up to three instances of each, which are started when they are needed and
 * die at any step; and the way of requests to them and of answers back.
 */
final class Cloud {
  private static final int MOST_INSTANCES = 3;
  private static final double SHARE_STARTED = 0.01;
  private static final Duration SHORTEST_WAY = Duration.ofMillis(1);
  private static final Duration LONGEST_WAY = Duration.ofMillis(40);
  private static final Duration LONGEST_REPETITION = Duration.ofSeconds(60);
  private static final Duration SHORTLY = Duration.ofMillis(200);

  /** What instances share that has no state of its own. */
  record Fixtures(Settings settings, Callers callers, Log log) {}

  private static final class Service {
    private final String name;
    private final Class<?> function;
    private final List<Instance> instances = new ArrayList<>();

    Service(String name, Class<?> function) {
      this.name = name;
      this.function = function;
    }
  }

  private final Simulation simulation;
  private final Scheduler scheduler;
  private final Fixtures fixtures;
  private final Exchange network;
  private final Defect defect;
  private final Tally tally = new Tally();
  private final Map<String, Service> services = new LinkedHashMap<>();
  private Weather weather = Weather.CALM;
  private @Nullable Store way;
  private Duration ahead = Duration.ZERO;
  private long started;

  Cloud(
      Simulation simulation,
      Scheduler scheduler,
      List<FunctionEntry> functions,
      Fixtures fixtures,
      Exchange network,
      Defect defect) {
    this.simulation = simulation;
    this.scheduler = scheduler;
    this.fixtures = fixtures;
    this.network = network;
    this.defect = defect;
    for (FunctionEntry each : functions) {
      try {
        services.put(each.name(), new Service(each.name(), Class.forName(each.entryPoint())));
      } catch (ClassNotFoundException e) {
        throw new IllegalArgumentException("no class for " + each.name(), e);
      }
    }
  }

  /** What goes wrong from now on. */
  void storm(Store through, Weather now) {
    way = through;
    weather = now;
  }

  /** From now on nothing goes wrong. */
  void calm(Store through) {
    storm(through, Weather.CALM);
  }

  private Store store() {
    return Objects.requireNonNull(way);
  }

  /** The faults so far. */
  Tally tally() {
    return tally;
  }

  /** Instances so far. */
  long started() {
    return started;
  }

  /** The domain's time where clocks are right. */
  InstantSource clock() {
    return domain(simulation);
  }

  /** Moves the domain's time on. */
  void leap(Duration by) {
    ahead = ahead.plus(by);
  }

  private InstantSource domain(InstantSource real) {
    return () -> real.instant().plus(ahead).truncatedTo(ChronoUnit.MICROS);
  }

  /**
   * Sends a request.
   *
   * @param isCallerGone whether nobody waits for the answer any more
   * @return the answer; fails with an {@link IOException} where there will be none
   */
  CompletableFuture<Response.Answer> call(
      String function, Request request, BooleanSupplier isCallerGone) {
    CompletableFuture<Response.Answer> answer = scheduler.promise();
    if (dealt(weather.requests().lost(), "request: lost")) {
      fail(answer, "the request was lost");
      return answer;
    }
    if (dealt(weather.requests().twice(), "request: twice")) {
      scheduler.after(
          simulation.between(Duration.ZERO, LONGEST_REPETITION),
          () -> arrive(function, request, () -> true, scheduler.promise()));
    }
    arrive(function, request, isCallerGone, answer);
    return answer;
  }

  private void arrive(
      String function,
      Request request,
      BooleanSupplier isCallerGone,
      CompletableFuture<Response.Answer> answer) {
    boolean lost = dealt(weather.requests().answerLost(), "answer: lost");
    scheduler.after(
        way(),
        () ->
            withInstance(
                function,
                instance -> {
                  Response response = new Response(isCallerGone);
                  if (defect.works(function)) {
                    instance.http().service(defect.request(function, request), response);
                  } else {
                    response.setStatusCode(200);
                    response.setContentType("application/json");
                    response.getOutputStream().write('{');
                    response.getOutputStream().write('}');
                  }
                  if (!lost) {
                    Response.Answer given = defect.answer(function, response.answer());
                    scheduler.after(way(), () -> answer.complete(given));
                  } else {
                    fail(answer, "the answer was lost");
                  }
                },
                failure -> fail(answer, failure)));
  }

  /**
   * Delivers an event.
   *
   * @return fails where it is to be delivered again
   */
  CompletableFuture<Void> deliver(String function, CloudEvent event) {
    CompletableFuture<Void> done = scheduler.promise();
    withInstance(
        function,
        instance -> {
          if (defect.works(function)) {
            instance.events().accept(event);
          }
          scheduler.after(way(), () -> done.complete(null));
        },
        failure -> fail(done, failure));
    return done;
  }

  private interface Work {
    void on(Instance instance) throws Exception;
  }

  private interface Ending {
    void failed(String why);
  }

  private void withInstance(String function, Work work, Ending ending) {
    Service service = services.get(function);
    if (service == null) {
      throw new IllegalArgumentException("no function " + function);
    }
    Instance instance = pick(service);
    Runnable died = () -> ending.failed("the instance died");
    instance.atDeath(died);
    scheduler.start(
        instance,
        () -> {
          if (!instance.isAlive()) {
            return;
          }
          instance.enter();
          try {
            work.on(instance);
          } catch (Exception e) {
            if (!(e instanceof IOException)) {
              tally.add("function: failed with " + e.getClass().getSimpleName());
            }
            ending.failed(String.valueOf(e.getMessage()));
          }
          if (instance.isAlive()) {
            instance.forget(died);
            instance.leave();
          }
        });
  }

  private Instance pick(Service service) {
    service.instances.removeIf(each -> !each.isAlive());
    List<Instance> living = service.instances;
    boolean one = living.isEmpty();
    if (one || (living.size() < MOST_INSTANCES && simulation.chance(SHARE_STARTED))) {
      living.add(start(service));
      return living.get(living.size() - 1);
    }
    return living.get(simulation.random().nextInt(living.size()));
  }

  private Instance start(Service service) {
    started++;
    long most = weather.clocks().skew().toMillis();
    long skew = most == 0 ? 0 : simulation.random().nextLong(-most, most + 1);
    return new Instance(
        scheduler,
        new Shared(service.name),
        service.function,
        simulation.random().nextLong(),
        Duration.ofMillis(skew),
        simulation.chance(weather.clocks().throttled()));
  }

  private final class Shared implements Instance.Parts {
    private final String function;

    Shared(String function) {
      this.function = function;
    }

    @Override
    public Settings settings() {
      return fixtures.settings();
    }

    @Override
    public Callers callers() {
      return fixtures.callers();
    }

    @Override
    public Log log() {
      return fixtures.log();
    }

    @Override
    public Store store(Instance instance) {
      Store deadly = new Deadly(instance);
      return new Connection(
          scheduler,
          defect == Defect.NONE ? deadly : new Faulty(deadly, function, defect),
          instance);
    }

    @Override
    public Exchange network(Instance instance) {
      return network;
    }

    @Override
    public InstantSource domain(InstantSource real) {
      return Cloud.this.domain(real);
    }
  }

  /** The store, on the way to which an instance may die. */
  private final class Deadly implements Store {
    private final Instance instance;

    Deadly(Instance instance) {
      this.instance = instance;
    }

    @Override
    public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
      return store().read(refs);
    }

    @Override
    public CompletableFuture<List<Snapshot>> find(Query query) {
      return store().find(query);
    }

    @Override
    public CompletableFuture<Number> total(Query query, @Nullable String sum) {
      return store().total(query, sum);
    }

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      if (simulation.chance(weather.deaths().atCall())) {
        tally.add("instance: killed at a commit");
        scheduler.after(simulation.between(Duration.ZERO, SHORTLY), instance::kill);
      }
      return store().commit(mutations);
    }
  }

  /** Kills an instance that is at work, if there is one, else any. */
  void killOne() {
    List<Instance> living = new ArrayList<>();
    List<Instance> busy = new ArrayList<>();
    for (Service service : services.values()) {
      for (Instance each : service.instances) {
        if (each.isAlive()) {
          living.add(each);
          if (each.isBusy()) {
            busy.add(each);
          }
        }
      }
    }
    List<Instance> from = busy.isEmpty() ? living : busy;
    if (!from.isEmpty()) {
      tally.add("instance: killed");
      from.get(simulation.random().nextInt(from.size())).kill();
    }
  }

  /** Kills all instances at once. */
  void killAll() {
    tally.add("instance: all killed at once");
    services.values().forEach(service -> service.instances.forEach(Instance::kill));
  }

  private boolean dealt(double probability, String kind) {
    boolean dealt = probability > 0 && simulation.chance(probability);
    if (dealt) {
      tally.add(kind);
    }
    return dealt;
  }

  private Duration way() {
    return simulation.between(SHORTEST_WAY, LONGEST_WAY);
  }

  private void fail(CompletableFuture<?> future, String why) {
    scheduler.after(way(), () -> future.completeExceptionally(new IOException(why)));
  }
}

package dev.meterkite.functions.alerts;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.AnswerMarker;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.http.Page;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.GroupCommit;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.alerts.AlertCommand;
import dev.meterkite.model.alerts.AlertRules;
import dev.meterkite.model.alerts.AlertState;
import dev.meterkite.model.alerts.AlertStatus;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What is done with alerts: told, listed, acknowledged, sent to a webhook and a topic. */
public final class Alerting {
  /** Whoever claimed a notification has this long to send it. */
  static final Duration CLAIM = Duration.ofMinutes(2);

  static final String ACKNOWLEDGE = "acknowledge-alert";

  private static final int ATTEMPTS = 5;
  private static final int PAGE_OF_SWEEP = 20;
  private static final int LONGEST_WORD = 100;

  private final GroupCommit<AlertState, AlertCommand> engine;
  private final Store store;
  private final InstantSource clock;
  private final List<Channel> channels;
  private final Log log;

  /** Alerts over a backend, sent to all of these. */
  Alerting(Backend backend, List<? extends Channel> channels) {
    this.engine = backend.engine(new AlertRules());
    this.store = backend.store();
    this.clock = backend.clock();
    this.channels = List.copyOf(channels);
    this.log = backend.log();
  }

  /** The alerts of a process, sent where its settings say. */
  public static Alerting of(Backend backend) {
    return backend.feature(Alerting.class, Alerting::made);
  }

  private static Alerting made(Backend backend) {
    List<Channel> channels = new ArrayList<>();
    backend.settings().alertWebhook().map(Webhook::new).ifPresent(channels::add);
    Topic.of(backend.settings()).ifPresent(channels::add);
    return new Alerting(backend, channels);
  }

  /** Tells of how things are; any number of times, by any number of instances. */
  public Handled tell(List<AlertCommand> commands) {
    List<CompletableFuture<Reply>> replies =
        commands.stream().map(command -> engine.submit(AlertRules.command(command))).toList();
    for (CompletableFuture<Reply> future : replies) {
      Reply reply = future.join();
      if (!(reply instanceof Reply.Answered)) {
        return Handled.later("unavailable").took(reply.effort().attempts(), reply.effort().batch());
      }
    }
    return Handled.done("ok");
  }

  /** How many alerts nobody has acknowledged and nothing has resolved, counted in the store. */
  public CompletableFuture<Long> open() {
    return store
        .total(Queries.unacknowledgedAlerts(null), null)
        .thenCombine(
            store.total(Queries.unacknowledgedAlerts(AlertStatus.RESOLVED.wire()), null),
            (all, resolved) -> Math.max(0, all.longValue() - resolved.longValue()));
  }

  /** A page of alerts, latest first; what has expired is passed over. */
  Answer list(AlertRequest request) {
    List<Snapshot> found =
        store
            .find(
                Queries.alerts(
                    request.acknowledged(),
                    request.provider(),
                    request.limit() + 1,
                    request.after()))
            .join();
    Instant now = clock.instant();
    return Page.of(found, request.limit())
        .answer("alerts", alert -> !expired(alert, now), Alerting::view, Alerting::place);
  }

  private static List<Object> place(Snapshot alert) {
    return List.of(
        Objects.requireNonNull(alert.fields().get(ModelRouterAlerts.CREATED_AT)), alert.ref().id());
  }

  private static boolean expired(Snapshot alert, Instant now) {
    return alert.fields().get(ModelRouterAlerts.EXPIRE_AT) instanceof Instant at
        && !at.isAfter(now);
  }

  /** Acknowledges an alert; a second time changes nothing. */
  Answer acknowledge(Call<String> call) {
    DocRef ref = new DocRef(ModelRouterAlerts.COLLECTION, call.request());
    AnswerMarker marker = new AnswerMarker(ACKNOWLEDGE, ref, call);
    List<DocRef> refs = new ArrayList<>(List.of(ref));
    refs.addAll(marker.refs());
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      List<Snapshot> read = store.read(refs).join();
      Optional<Answer> earlier = marker.replay(read);
      if (earlier.isPresent()) {
        return earlier.get();
      }
      Snapshot alert = read.get(0);
      if (!alert.exists()) {
        return Answer.problem(Problem.missing(ref));
      }
      Map<String, Object> changes = Alerts.acknowledge(alert, call.caller().subject(), now());
      String answer = Json.write(view(changed(alert, changes)));
      List<Mutation> mutations = new ArrayList<>(marker.mutations(answer, now()));
      if (!changes.isEmpty()) {
        mutations.add(Mutation.update(ref, changes, alert.updateTime()));
      }
      if (mutations.isEmpty() || ConditionalUpdate.tryCommit(store, mutations)) {
        return Answer.json(answer, false);
      }
    }
    return Answer.problem(Problem.unavailable(Problem.SOON));
  }

  private static Snapshot changed(Snapshot alert, Map<String, Object> changes) {
    Map<String, Object> fields = new LinkedHashMap<>(alert.fields());
    changes.forEach(
        (name, value) -> {
          if (value == Write.REMOVED) {
            fields.remove(name);
          } else {
            fields.put(name, value);
          }
        });
    return new Snapshot(alert.ref(), fields, alert.updateTime());
  }

  /** Keeps the expiry of an alert right and sends what is to be sent. */
  Handled react(DocumentChange change) {
    Snapshot hint = change.after();
    if (hint.exists() && !change.before().exists()) {
      log.alert(
          word(hint, ModelRouterAlerts.TYPE),
          word(hint, ModelRouterAlerts.SEVERITY),
          change.ref().id());
    }
    if (!hint.exists() || (Alerts.repairs(hint).isEmpty() && !due(hint, now()))) {
      return Handled.done("nothing");
    }
    return attend(change.ref());
  }

  /** A word of an alert, whoever wrote it; cut, as the label of a metric is. */
  private static String word(Snapshot alert, String field) {
    String text = String.valueOf(alert.fields().get(field));
    return text.substring(0, Math.min(text.length(), LONGEST_WORD));
  }

  private Handled attend(DocRef ref) {
    Snapshot alert = read(ref);
    Map<String, Object> repairs = Alerts.repairs(alert);
    if (!repairs.isEmpty()) {
      if (!update(alert, repairs)) {
        return Handled.later("changed_meanwhile");
      }
      alert = read(ref);
    }
    return notify(alert);
  }

  /** Sends what events lost; where nobody is to be told there is nothing to send. */
  public void sweep() {
    if (channels.isEmpty()) {
      return;
    }
    store
        .find(
            Queries.due(
                ModelRouterAlerts.COLLECTION,
                ModelRouterAlerts.NOTIFY_DUE_AT,
                now(),
                PAGE_OF_SWEEP))
        .join()
        .forEach(this::notify);
  }

  private Handled notify(Snapshot alert) {
    if (!alert.exists() || !owed(alert)) {
      return Handled.done("ok");
    }
    Map<String, Object> done = new LinkedHashMap<>();
    done.put(ModelRouterAlerts.NOTIFY_DUE_AT, Write.REMOVED);
    if (channels.isEmpty()) {
      boolean marked = alert.fields().containsKey(ModelRouterAlerts.NOTIFY_DUE_AT);
      return !marked || update(alert, done)
          ? Handled.done("nobody_to_tell")
          : Handled.later("changed");
    }
    if (!due(alert, now())) {
      return Handled.later("claimed"); // By somebody who may have died: look again.
    }
    if (!update(alert, Map.of(ModelRouterAlerts.NOTIFY_DUE_AT, now().plus(CLAIM)))) {
      return Handled.later("claimed");
    }
    boolean taken = true;
    for (Channel channel : channels) {
      taken &= channel.send(alert);
    }
    if (!taken) {
      return Handled.later("not_taken"); // The claim lapses, then the next attempt is made.
    }
    done.put(ModelRouterAlerts.NOTIFIED_AT, now());
    // The write is on the claim as read again: a further incident may have come meanwhile.
    Snapshot claimed = read(alert.ref());
    boolean ours = due(claimed, now().plus(CLAIM)) && !due(claimed, now());
    return !ours || update(claimed, done) ? Handled.done("notified") : Handled.later("changed");
  }

  /** Whether somebody is still to be told, now or when a claim has lapsed. */
  private static boolean owed(Snapshot alert) {
    Map<String, Object> fields = alert.fields();
    return fields.get(ModelRouterAlerts.NOTIFY_DUE_AT) instanceof Instant
        || (!fields.containsKey(ModelRouterAlerts.NOTIFIED_AT)
            && !fields.containsKey(ModelRouterAlerts.FINGERPRINT)
            && !Alerts.acknowledged(alert));
  }

  private static boolean due(Snapshot alert, Instant now) {
    return owed(alert)
        && !(alert.fields().get(ModelRouterAlerts.NOTIFY_DUE_AT) instanceof Instant at
            && at.isAfter(now));
  }

  /** Writes fields if the document is still as read; false if it has changed or is gone. */
  private boolean update(Snapshot alert, Map<String, Object> fields) {
    @Nullable Instant version = alert.updateTime();
    return version != null
        && ConditionalUpdate.tryCommit(
            store, List.of(Mutation.update(alert.ref(), fields, version)));
  }

  static Map<String, Object> view(Snapshot alert) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("alert_id", alert.ref().id());
    for (String field :
        List.of(
            ModelRouterAlerts.TYPE,
            ModelRouterAlerts.SEVERITY,
            ModelRouterAlerts.PROVIDER,
            ModelRouterAlerts.MODEL,
            ModelRouterAlerts.USER_ID,
            ModelRouterAlerts.CUSTOMER_ID,
            ModelRouterAlerts.MESSAGE,
            ModelRouterAlerts.STATUS,
            ModelRouterAlerts.ACKNOWLEDGED,
            ModelRouterAlerts.ACKNOWLEDGED_AT,
            ModelRouterAlerts.ACKNOWLEDGED_BY,
            ModelRouterAlerts.CREATED_AT,
            ModelRouterAlerts.RESOLVED_AT,
            ModelRouterAlerts.NOTIFIED_AT,
            ModelRouterAlerts.EXPIRE_AT)) {
      Object value = alert.fields().get(field);
      if (value instanceof String || value instanceof Boolean || value instanceof Instant) {
        view.put(field, value);
      }
    }
    if (alert.fields().get(ModelRouterAlerts.DETAILS) instanceof Map<?, ?> details) {
      view.put(ModelRouterAlerts.DETAILS, JsonValues.shown(details));
    }
    return view;
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  private Snapshot read(DocRef ref) {
    return store.read(List.of(ref)).join().get(0);
  }
}

package dev.meterkite.functions.alerts;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.AnswerMarker;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Page;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.GroupCommit;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.alerts.Alert;
import dev.meterkite.model.alerts.AlertChange;
import dev.meterkite.model.alerts.AlertCodec;
import dev.meterkite.model.alerts.AlertCommand;
import dev.meterkite.model.alerts.AlertRules;
import dev.meterkite.model.alerts.AlertState;
import dev.meterkite.model.alerts.AlertStatus;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
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
        .answer(
            "alerts", alert -> !Alert.of(alert).isExpired(now), AlertJson::view, Alerting::place);
  }

  private static List<Object> place(Snapshot alert) {
    return List.of(
        Objects.requireNonNull(alert.fields().get(ModelRouterAlerts.CREATED_AT)), alert.ref().id());
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
      Optional<AlertChange> change = Alert.of(alert).acknowledge(call.caller().subject(), now());
      String answer =
          AlertJson.write(change.map(made -> AlertCodec.changed(alert, made)).orElse(alert));
      List<Mutation> mutations = new ArrayList<>(marker.mutations(answer, now()));
      change.ifPresent(
          made -> mutations.add(Mutation.update(ref, AlertCodec.encode(made), alert.updateTime())));
      if (mutations.isEmpty() || ConditionalUpdate.tryCommit(store, mutations)) {
        return Answer.json(answer, false);
      }
    }
    return Answer.problem(Problem.unavailable(Problem.SOON));
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
    Alert told = Alert.of(hint);
    if (!told.exists() || (told.repair().isEmpty() && !told.needsNotice(now()))) {
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
    Optional<AlertChange> repair = Alert.of(alert).repair();
    if (repair.isPresent()) {
      if (!update(alert, repair.get())) {
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

  private Handled notify(Snapshot document) {
    Alert alert = Alert.of(document);
    if (!alert.exists() || !alert.needsNotice()) {
      return Handled.done("ok");
    }
    if (channels.isEmpty()) {
      return !alert.notice().isMarked() || update(document, new AlertChange.Notified(null))
          ? Handled.done("nobody_to_tell")
          : Handled.later("changed");
    }
    if (!alert.needsNotice(now())) {
      return Handled.later("claimed"); // By an instance that may have died: look again.
    }
    if (!update(document, new AlertChange.Claim(now().plus(CLAIM)))) {
      return Handled.later("claimed");
    }
    boolean taken = true;
    for (Channel channel : channels) {
      taken &= channel.send(document);
    }
    if (!taken) {
      return Handled.later("not_taken"); // The claim lapses, then the next attempt is made.
    }
    AlertChange sent = new AlertChange.Notified(now());
    // The write is on the claim as read again: a further incident may have come meanwhile.
    Snapshot again = read(document.ref());
    Alert claimed = Alert.of(again);
    boolean ours = claimed.needsNotice(now().plus(CLAIM)) && !claimed.needsNotice(now());
    return !ours || update(again, sent) ? Handled.done("notified") : Handled.later("changed");
  }

  /** Writes a change if the document is still as read; false if it has changed or is gone. */
  private boolean update(Snapshot document, AlertChange change) {
    @Nullable Instant version = document.updateTime();
    return version != null
        && ConditionalUpdate.tryCommit(
            store, List.of(Mutation.update(document.ref(), AlertCodec.encode(change), version)));
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  private Snapshot read(DocRef ref) {
    return store.read(List.of(ref)).join().get(0);
  }
}

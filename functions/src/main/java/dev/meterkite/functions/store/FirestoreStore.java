package dev.meterkite.functions.store;

import com.google.api.core.ApiFunction;
import com.google.api.core.ApiFuture;
import com.google.api.core.ApiFutureCallback;
import com.google.api.core.ApiFutures;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.grpc.GrpcInterceptorProvider;
import com.google.api.gax.grpc.InstantiatingGrpcChannelProvider;
import com.google.api.gax.retrying.RetrySettings;
import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.FixedHeaderProvider;
import com.google.api.gax.rpc.ServerStreamingCallSettings;
import com.google.api.gax.rpc.StatusCode;
import com.google.cloud.firestore.v1.stub.FirestoreStub;
import com.google.cloud.firestore.v1.stub.FirestoreStubSettings;
import com.google.cloud.firestore.v1.stub.GrpcFirestoreStub;
import com.google.firestore.v1.BatchGetDocumentsRequest;
import com.google.firestore.v1.BatchGetDocumentsResponse;
import com.google.firestore.v1.CommitRequest;
import com.google.firestore.v1.Document;
import com.google.firestore.v1.RunAggregationQueryRequest;
import com.google.firestore.v1.RunQueryRequest;
import com.google.firestore.v1.RunQueryResponse;
import com.google.protobuf.Timestamp;
import dev.meterkite.functions.Settings;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import io.grpc.ManagedChannelBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Firestore over its own gRPC interface. Nothing is retried in here, not by the client library
 * either: the engine must see each attempt, since a commit that was repeated unseen could apply
 * twice. A call without an answer fails after {@value #DEADLINE_SECONDS} seconds.
 */
public final class FirestoreStore implements Store, AutoCloseable {
  private static final int MOST_INDEXED_BYTES = 1_500;
  private static final int DEADLINE_SECONDS = 5;
  private static final int MOST_INBOUND_BYTES = 64 * 1_024 * 1_024;

  private final FirestoreStub stub;
  private final Protos protos;
  private final Reconnection reconnection;

  private FirestoreStore(FirestoreStub stub, Protos protos, Reconnection reconnection) {
    this.stub = stub;
    this.protos = protos;
    this.reconnection = reconnection;
  }

  /**
   * Connects to the database {@code (default)} of the process's project, or to the emulator that
   * the settings name.
   *
   * @throws IllegalArgumentException if no project is set
   */
  public static FirestoreStore open(Settings settings) {
    return open(settings, List::of, new Reconnection(System::nanoTime));
  }

  /** As {@link #open(Settings)}, with interceptors that see every call. */
  static FirestoreStore open(
      Settings settings, GrpcInterceptorProvider interceptors, Reconnection reconnection) {
    String project =
        settings
            .project()
            .orElseThrow(() -> new IllegalArgumentException("GOOGLE_CLOUD_PROJECT is not set"));
    InstantiatingGrpcChannelProvider.Builder channel =
        FirestoreStubSettings.defaultGrpcTransportProviderBuilder()
            .setMaxInboundMessageSize(MOST_INBOUND_BYTES)
            .setInterceptorProvider(interceptors);
    configure(channel, reconnection::of);
    FirestoreStubSettings.Builder stub = FirestoreStubSettings.newBuilder();
    settings
        .firestoreEmulatorHost()
        .ifPresent(
            host -> {
              channel.setEndpoint(host);
              configure(channel, builder -> reconnection.of(builder.usePlaintext()));
              channel.setHeaderProvider(
                  FixedHeaderProvider.create("authorization", "Bearer owner"));
              stub.setCredentialsProvider(NoCredentialsProvider.create());
            });
    stub.setTransportChannelProvider(channel.build());
    once(stub.batchGetDocumentsSettings());
    once(stub.runQuerySettings());
    once(stub.runAggregationQuerySettings());
    stub.commitSettings().setRetryableCodes(Set.of()).setRetrySettings(once());
    try {
      return new FirestoreStore(
          GrpcFirestoreStub.create(stub.build()), new Protos(project), reconnection);
    } catch (IOException e) {
      throw new UncheckedIOException("no connection to Firestore can be set up", e);
    }
  }

  @SuppressWarnings("rawtypes") // the client library's own signature
  private static void configure(
      InstantiatingGrpcChannelProvider.Builder channel,
      ApiFunction<ManagedChannelBuilder, ManagedChannelBuilder> configurator) {
    channel.setChannelConfigurator(configurator);
  }

  private static void once(ServerStreamingCallSettings.Builder<?, ?> call) {
    call.setRetryableCodes(Set.of()).setRetrySettings(once());
  }

  private static RetrySettings once() {
    Duration deadline = Duration.ofSeconds(DEADLINE_SECONDS);
    return RetrySettings.newBuilder()
        .setMaxAttempts(1)
        .setInitialRpcTimeoutDuration(deadline)
        .setMaxRpcTimeoutDuration(deadline)
        .setTotalTimeoutDuration(deadline)
        .build();
  }

  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    BatchGetDocumentsRequest.Builder request =
        BatchGetDocumentsRequest.newBuilder().setDatabase(protos.database());
    refs.forEach(ref -> request.addDocuments(protos.name(ref)));
    return completable(
        stub.batchGetDocumentsCallable().all().futureCall(request.build()),
        answers -> inOrder(refs, answers));
  }

  private List<Snapshot> inOrder(List<DocRef> refs, List<BatchGetDocumentsResponse> answers) {
    Map<String, Document> found = new HashMap<>();
    for (BatchGetDocumentsResponse answer : answers) {
      if (answer.hasFound()) {
        found.put(answer.getFound().getName(), answer.getFound());
      }
    }
    List<Snapshot> snapshots = new ArrayList<>(refs.size());
    for (DocRef ref : refs) {
      Document document = found.get(protos.name(ref));
      snapshots.add(document == null ? Snapshot.absent(ref) : Protos.snapshot(ref, document));
    }
    return snapshots;
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    RunQueryRequest request =
        RunQueryRequest.newBuilder()
            .setParent(protos.documents())
            .setStructuredQuery(protos.query(query))
            .build();
    CompletableFuture<List<Snapshot>> found =
        completable(
            stub.runQueryCallable().all().futureCall(request),
            answers ->
                answers.stream()
                    .filter(RunQueryResponse::hasDocument)
                    .map(answer -> protos.snapshot(answer.getDocument()))
                    .toList());
    return query.filters().stream().anyMatch(FirestoreStore::isCutInIndexes)
        ? found.exceptionally(FirestoreStore::nothingIfRefused)
        : found;
  }

  /** No index holds such a value whole, so that Firestore may refuse to look for it. */
  private static boolean isCutInIndexes(Query.Filter filter) {
    return filter.value() instanceof String text
        && text.getBytes(StandardCharsets.UTF_8).length >= MOST_INDEXED_BYTES;
  }

  /** A document named by an id of 1,500 bytes is no reason to fail: nothing is found by it. */
  private static List<Snapshot> nothingIfRefused(Throwable failure) {
    if (failure instanceof StoreException refused
        && refused.kind() == StoreException.Kind.INVALID) {
      return List.of();
    }
    throw failure instanceof StoreException known ? known : new CompletionException(failure);
  }

  @Override
  public CompletableFuture<Number> total(Query query, @Nullable String sum) {
    RunAggregationQueryRequest request =
        RunAggregationQueryRequest.newBuilder()
            .setParent(protos.documents())
            .setStructuredAggregationQuery(protos.total(query, sum))
            .build();
    return completable(stub.runAggregationQueryCallable().all().futureCall(request), Protos::total);
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    CommitRequest.Builder request = CommitRequest.newBuilder().setDatabase(protos.database());
    mutations.forEach(mutation -> request.addWrites(protos.write(mutation)));
    return completable(
        stub.commitCallable().futureCall(request.build()),
        answer ->
            answer.getWriteResultsList().stream()
                .map(result -> instant(result.getUpdateTime()))
                .toList());
  }

  /** In full: a version cut to microseconds could never be met. */
  private static Instant instant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }

  private <A, T> CompletableFuture<T> completable(ApiFuture<A> call, Function<A, T> answer) {
    CompletableFuture<T> future = new CompletableFuture<>();
    ApiFutures.addCallback(
        call,
        new ApiFutureCallback<A>() {
          @Override
          public void onSuccess(A result) {
            T value;
            try {
              value = answer.apply(result);
            } catch (RuntimeException e) {
              future.completeExceptionally(e);
              return;
            }
            future.complete(value);
          }

          @Override
          public void onFailure(Throwable failure) {
            future.completeExceptionally(known(failure));
          }
        },
        Runnable::run);
    return future;
  }

  private StoreException known(Throwable failure) {
    StoreException.Kind kind = StoreException.Kind.UNKNOWN;
    if (failure instanceof ApiException api) {
      if (api.getStatusCode().getCode() == StatusCode.Code.UNAVAILABLE) {
        reconnection.unavailable();
      }
      kind =
          switch (api.getStatusCode().getCode()) {
            case ALREADY_EXISTS, FAILED_PRECONDITION, NOT_FOUND -> StoreException.Kind.PRECONDITION;
            case INVALID_ARGUMENT -> StoreException.Kind.INVALID;
            case PERMISSION_DENIED, UNAUTHENTICATED -> StoreException.Kind.DENIED;
            case ABORTED -> StoreException.Kind.CONTENTION;
            default -> StoreException.Kind.UNKNOWN;
          };
    }
    return new StoreException(kind, String.valueOf(failure.getMessage()), failure);
  }

  @Override
  public void close() {
    stub.close();
  }
}

package dev.meterkite.bench;

import com.google.firestore.v1.CommitRequest;
import com.google.firestore.v1.CommitResponse;
import com.google.firestore.v1.Document;
import com.google.firestore.v1.Precondition;
import com.google.firestore.v1.Value;
import com.google.firestore.v1.Write;
import com.google.protobuf.Timestamp;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * The raw limit: a commit that the functions made, sent again and again with new document names and
 * no function at all. Created documents keep their fields and get new names; updated ones keep
 * their condition on the version of the last commit, so a document has one commit at a time, and
 * one of their numbers goes on, since an update that changes nothing is none.
 */
final class RawCommits {
  private static final int DEADLINE_SECONDS = 20;
  private static final MethodDescriptor<CommitRequest, CommitResponse> COMMIT =
      MethodDescriptor.<CommitRequest, CommitResponse>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("google.firestore.v1.Firestore/Commit")
          .setRequestMarshaller(ProtoUtils.marshaller(CommitRequest.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(CommitResponse.getDefaultInstance()))
          .build();

  private final CommitRequest template;
  private final String suffix = "-" + Long.toString(ThreadLocalRandom.current().nextLong(), 36);
  private final Map<Integer, Timestamp> versions = new HashMap<>();
  private long sent;

  /**
   * @param template a commit of the functions, from the proxy
   */
  private RawCommits(CommitRequest template) {
    this.template = template;
  }

  /** A commit of so many creates in all, made of one of the functions' with fewer or more. */
  static CommitRequest ofSize(CommitRequest template, int creates) {
    CommitRequest.Builder sized = template.toBuilder().clearWrites();
    List<Write> created = new ArrayList<>();
    for (Write write : template.getWritesList()) {
      if (isCreate(write)) {
        created.add(write);
      } else {
        sized.addWrites(write);
      }
    }
    if (created.isEmpty()) {
      throw new IllegalArgumentException("a commit that creates nothing");
    }
    for (int i = 0; i < creates; i++) {
      sized.addWrites(created.get(i % created.size()));
    }
    return sized.build();
  }

  private static boolean isCreate(Write write) {
    return write.getCurrentDocument().hasExists() && !write.getCurrentDocument().getExists();
  }

  /**
   * Sends one commit after the other for each of so many documents of their own.
   *
   * @param collection a commit counts for as many operations as it creates documents in here
   */
  static Figures run(
      CommitRequest template,
      String collection,
      int documents,
      String emulator,
      Meters meters,
      Duration lead,
      Duration length)
      throws InterruptedException {
    ManagedChannel channel =
        NettyChannelBuilder.forTarget(emulator).usePlaintext().directExecutor().build();
    ExecutorService threads = Executors.newFixedThreadPool(documents);
    try {
      Metadata owner = new Metadata();
      owner.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer owner");
      Channel store =
          ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(owner));
      long begin = System.nanoTime() + lead.toNanos();
      long end = begin + length.toNanos();
      List<Future<Histogram>> lanes = new ArrayList<>();
      for (int i = 0; i < documents; i++) {
        lanes.add(threads.submit(() -> new RawCommits(template).between(begin, end, store)));
      }
      TimeUnit.NANOSECONDS.sleep(begin - System.nanoTime());
      Meters.Reading before = meters.read();
      Histogram latency = Figures.noLatencies();
      for (Future<Histogram> lane : lanes) {
        latency.add(lane.get());
      }
      double seconds = (System.nanoTime() - begin) / 1e9;
      long operations = latency.getTotalCount() * creates(template, collection);
      return new Figures(
          Double.NaN,
          operations / seconds,
          operations,
          Map.of(),
          latency,
          meters.read().since(before, operations));
    } catch (ExecutionException e) {
      throw new IllegalStateException("a raw commit failed", e.getCause());
    } finally {
      threads.shutdownNow();
      channel.shutdownNow();
      channel.awaitTermination(1, TimeUnit.SECONDS);
    }
  }

  private static long creates(CommitRequest template, String collection) {
    return template.getWritesList().stream()
        .filter(RawCommits::isCreate)
        .filter(write -> write.getUpdate().getName().contains("/" + collection + "/"))
        .count();
  }

  /** The latencies of the commits that began between the two. */
  private Histogram between(long begin, long end, Channel store) {
    Histogram latency = Figures.noLatencies();
    for (long now = System.nanoTime(); now < end; ) {
      commit(store);
      long done = System.nanoTime();
      if (now >= begin) {
        Figures.note(latency, done - now);
      }
      now = done;
    }
    return latency;
  }

  private void commit(Channel store) {
    CommitResponse response =
        ClientCalls.blockingUnaryCall(
            store,
            COMMIT,
            CallOptions.DEFAULT.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS),
            next());
    for (int i = 0; i < response.getWriteResultsCount(); i++) {
      if (!isCreate(template.getWrites(i))) {
        versions.put(i, response.getWriteResults(i).getUpdateTime());
      }
    }
  }

  private CommitRequest next() {
    CommitRequest.Builder request = template.toBuilder().clearWrites();
    for (int i = 0; i < template.getWritesCount(); i++) {
      Write.Builder write = template.getWrites(i).toBuilder();
      String name = write.getUpdate().getName();
      if (isCreate(template.getWrites(i))) {
        write.getUpdateBuilder().setName(name + suffix + sent + "-" + i);
      } else {
        goOn(write.getUpdateBuilder().setName(name + suffix));
        Timestamp version = versions.get(i);
        if (version == null) {
          write.clearCurrentDocument();
        } else if (template.getWrites(i).getCurrentDocument().hasUpdateTime()) {
          write.setCurrentDocument(Precondition.newBuilder().setUpdateTime(version));
        }
      }
      request.addWrites(write);
    }
    sent++;
    return request.build();
  }

  /** Adds the number of commits sent to the first whole number of a document. */
  private void goOn(Document.Builder document) {
    document.getFieldsMap().entrySet().stream()
        .filter(field -> field.getValue().hasIntegerValue())
        .min(Map.Entry.comparingByKey())
        .ifPresent(
            field ->
                document.putFields(
                    field.getKey(),
                    Value.newBuilder()
                        .setIntegerValue(field.getValue().getIntegerValue() + sent)
                        .build()));
  }
}

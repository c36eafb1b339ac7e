package dev.meterkite.bench;

import com.google.firestore.v1.CommitRequest;
import com.google.firestore.v1.CommitResponse;
import com.google.firestore.v1.Precondition;
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
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * The raw limit: a commit that the functions made, sent again and again with new document names and
 * no function at all. Created documents keep their fields and get new names; updated ones keep
 * their condition on the version of the last commit, so there is one commit at a time.
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
  RawCommits(CommitRequest template) {
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
   * Sends one commit after the other.
   *
   * @return each commit counts for as many operations as it creates documents
   */
  Figures run(String emulator, Meters meters, Duration lead, Duration length)
      throws InterruptedException {
    ManagedChannel channel =
        NettyChannelBuilder.forTarget(emulator).usePlaintext().directExecutor().build();
    try {
      Metadata owner = new Metadata();
      owner.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer owner");
      Channel store =
          ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(owner));
      return measure(store, meters, lead, length);
    } finally {
      channel.shutdownNow();
      channel.awaitTermination(1, TimeUnit.SECONDS);
    }
  }

  private Figures measure(Channel store, Meters meters, Duration lead, Duration length) {
    Histogram latency = Figures.noLatencies();
    int creates = (int) template.getWritesList().stream().filter(RawCommits::isCreate).count();
    long measureFrom = System.nanoTime() + lead.toNanos();
    while (System.nanoTime() < measureFrom) {
      commit(store);
    }
    Meters.Reading before = meters.read();
    long begin = System.nanoTime();
    long end = begin + length.toNanos();
    long commits = 0;
    for (long now = begin; now < end; ) {
      commit(store);
      long done = System.nanoTime();
      Figures.note(latency, done - now);
      now = done;
      commits++;
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    long operations = commits * creates;
    return new Figures(
        Double.NaN,
        operations / seconds,
        operations,
        Map.of(),
        latency,
        meters.read().since(before, operations));
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
        write.getUpdateBuilder().setName(name + suffix);
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
}

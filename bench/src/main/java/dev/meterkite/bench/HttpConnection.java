package dev.meterkite.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One HTTP/1.1 connection to a port of this machine, with one request under way at most. */
final class HttpConnection {
  /** An answer, whole. */
  record Answer(int status, String body, boolean closes) {}

  private static final int FIRST_BUFFER = 8 * 1_024;
  private static final byte[] END_OF_HEAD = {'\r', '\n', '\r', '\n'};

  final int port;
  private final SocketChannel channel;
  private final SelectionKey key;
  private ByteBuffer out = ByteBuffer.allocate(0);
  private byte[] in = new byte[FIRST_BUFFER];
  private int length;
  private int bodyStart = -1;
  private int bodyLength;
  private boolean closes;

  private HttpConnection(int port, SocketChannel channel, Selector selector) throws IOException {
    this.port = port;
    this.channel = channel;
    channel.configureBlocking(false);
    this.key = channel.register(selector, SelectionKey.OP_READ, this);
  }

  static HttpConnection open(int port, Selector selector) throws IOException {
    SocketChannel channel =
        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return new HttpConnection(port, channel, selector);
  }

  void send(byte[] request) throws IOException {
    length = 0;
    bodyStart = -1;
    out = ByteBuffer.wrap(request);
    write();
  }

  /** Sends on what the socket did not take at once. */
  void write() throws IOException {
    channel.write(out);
    key.interestOps(
        out.hasRemaining() ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
  }

  /**
   * Takes what has come.
   *
   * @return the answer once it is whole, else null
   * @throws IOException also where the other side has closed, or speaks no HTTP
   */
  @Nullable Answer read() throws IOException {
    while (true) {
      if (length == in.length) {
        in = Arrays.copyOf(in, in.length * 2);
      }
      int read = channel.read(ByteBuffer.wrap(in, length, in.length - length));
      if (read < 0) {
        throw new IOException("closed by the other side");
      }
      if (read == 0) {
        return null;
      }
      length += read;
      if (bodyStart < 0) {
        readHead();
      }
      if (bodyStart >= 0 && length >= bodyStart + bodyLength) {
        String body = new String(in, bodyStart, bodyLength, StandardCharsets.UTF_8);
        return new Answer(status(), body, closes);
      }
    }
  }

  private int status() throws IOException {
    try {
      return Integer.parseInt(new String(in, 9, 3, StandardCharsets.ISO_8859_1));
    } catch (NumberFormatException e) {
      throw new IOException("no HTTP answer", e);
    }
  }

  private void readHead() throws IOException {
    int end = indexOf(END_OF_HEAD);
    if (end < 0) {
      return;
    }
    String head =
        new String(in, 0, end, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT) + "\r\n";
    int at = head.indexOf("\r\ncontent-length:");
    if (at < 0) {
      throw new IOException("an answer without Content-Length");
    }
    int value = head.indexOf(':', at) + 1;
    bodyLength = Integer.parseInt(head.substring(value, head.indexOf("\r\n", value)).strip());
    bodyStart = end + END_OF_HEAD.length;
    closes = head.contains("\r\nconnection: close");
  }

  private int indexOf(byte[] wanted) {
    for (int i = 0; i + wanted.length <= length; i++) {
      if (Arrays.equals(in, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    return -1;
  }

  void close() {
    try {
      channel.close();
    } catch (IOException alreadyGone) {
      // Nothing is lost with it.
    }
  }
}

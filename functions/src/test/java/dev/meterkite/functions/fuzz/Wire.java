package dev.meterkite.functions.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** HTTP by hand, so that anything can be sent: one request a connection, its bytes as they are. */
final class Wire {
  private static final int PATIENCE_MILLIS = 300_000;
  private static final byte[] BLANK_LINE = {'\r', '\n', '\r', '\n'};

  private Wire() {}

  /**
   * What came back.
   *
   * @param status 0 where the server closed the connection without a word
   * @param headers by name in lower case; of several, the last
   * @param body as text
   */
  record Reply(int status, Map<String, String> headers, String body) {
    String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  /**
   * Sends bytes to a port of 127.0.0.1 and reads until the server closes the connection.
   *
   * @param ends whether the client says that nothing more comes, for what is cut short
   */
  static Reply send(int port, byte[] request, boolean ends) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(PATIENCE_MILLIS);
      try {
        socket.getOutputStream().write(request);
        if (ends) {
          socket.shutdownOutput();
        }
      } catch (SocketException e) {
        // A server may refuse what it has not read to its end; its answer is there.
      }
      return reply(read(socket.getInputStream()));
    }
  }

  private static byte[] read(InputStream in) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] part = new byte[8192];
    try {
      for (int n = in.read(part); n >= 0; n = in.read(part)) {
        all.write(part, 0, n);
      }
    } catch (SocketException e) {
      // Reset behind an answer, because of what it left unread.
    }
    return all.toByteArray();
  }

  private static Reply reply(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int end = text.indexOf(new String(BLANK_LINE, StandardCharsets.ISO_8859_1));
    if (end < 0) {
      return new Reply(0, Map.of(), text);
    }
    String[] head = text.substring(0, end).split("\r\n", -1);
    int status = Integer.parseInt(head[0].split(" ", 3)[1]);
    int body = end + BLANK_LINE.length;
    byte[] rest = Arrays.copyOfRange(bytes, body, bytes.length);
    if (status < 200) {
      return reply(rest);
    }
    Map<String, String> headers = new LinkedHashMap<>();
    for (int i = 1; i < head.length; i++) {
      int colon = head[i].indexOf(':');
      headers.put(
          head[i].substring(0, colon).toLowerCase(Locale.ROOT),
          head[i].substring(colon + 1).strip());
    }
    return new Reply(status, headers, new String(rest, StandardCharsets.UTF_8));
  }
}

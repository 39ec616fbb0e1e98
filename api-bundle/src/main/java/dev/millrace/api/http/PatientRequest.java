package dev.millrace.api.http;

import dev.millrace.engine.service.Unavailable;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A request whose body takes one of the places of {@link SlowBodies} once it has to be waited for.
 */
final class PatientRequest extends HttpServletRequestWrapper implements AutoCloseable {
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long LOOK_MILLIS = 20;

  private final SlowBodies places;
  private final String address;
  private @Nullable ServletInputStream body;
  private boolean waits;

  PatientRequest(HttpServletRequest request, SlowBodies places, String address) {
    super(request);
    this.places = places;
    this.address = address;
  }

  @Override
  public ServletInputStream getInputStream() throws IOException {
    if (body == null) {
      body = new Body(super.getInputStream(), getContentLengthLong());
    }
    return body;
  }

  /** The body is read, or will not be. */
  @Override
  public void close() {
    if (waits) {
      waits = false;
      places.leave(address);
    }
  }

  private final class Body extends ServletInputStream {
    private final ServletInputStream in;
    private final long length;
    private long read;

    Body(ServletInputStream in, long length) {
      this.in = in;
      this.length = length;
    }

    private void before() throws IOException {
      if (waits || length >= 0 && read >= length) {
        return;
      }
      long end = System.nanoTime() + PATIENCE_NANOS;
      while (in.available() == 0 && !in.isFinished()) {
        if (places.enter(address)) {
          waits = true;
          return;
        }
        if (System.nanoTime() - end > 0 || !pause()) {
          throw new Unavailable(
              "too_many_slow_requests",
              "Too many clients send their requests slowly just now; try again");
        }
      }
    }

    private boolean pause() {
      try {
        Thread.sleep(LOOK_MILLIS);
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    private int after(int count) {
      read += Math.max(0, count);
      if (count < 0 || length >= 0 && read >= length) {
        PatientRequest.this.close();
      }
      return count;
    }

    @Override
    public int read() throws IOException {
      before();
      int one = in.read();
      after(one < 0 ? -1 : 1);
      return one;
    }

    @Override
    public int read(byte[] bytes, int from, int most) throws IOException {
      before();
      return after(in.read(bytes, from, most));
    }

    @Override
    public int available() throws IOException {
      return in.available();
    }

    @Override
    public boolean isFinished() {
      return in.isFinished();
    }

    @Override
    public boolean isReady() {
      return in.isReady();
    }

    @Override
    public void setReadListener(ReadListener listener) {
      in.setReadListener(listener);
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}

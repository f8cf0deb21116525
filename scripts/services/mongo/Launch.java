import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Serves a file on a port of the loopback interface: {@code Launch PORT FILE}. */
public class Launch {
  private static final Set<String> WRITES =
      Set.of("insert", "update", "delete", "findandmodify", "createindexes", "dropindexes", "create", "drop", "dropdatabase");

  /**
   * Commits after each command that writes, before it is answered: what was acknowledged outlives a kill -9. The backend as
   * it comes commits on a timer. There is no fsync, so this says nothing about a loss of power.
   */
  private static class CommittingBackend extends H2Backend {
    CommittingBackend(String file) {
      super(file);
    }

    @Override
    public Document handleCommand(Channel channel, String database, String command, Document query) {
      Document answer = super.handleCommand(channel, database, command, query);
      if (WRITES.contains(command.toLowerCase(Locale.ROOT))) commit();
      return answer;
    }
  }

  public static void main(String[] arguments) throws Exception {
    H2Backend backend = new CommittingBackend(arguments[1]);
    // What the library calls itself is too old for the driver, which asks for wire version 9 at least.
    backend.version(
        new MongoVersion() {
          @Override
          public List<Integer> getVersionArray() {
            return List.of(6, 0, 0);
          }

          @Override
          public int getWireVersion() {
            return 13;
          }
        });
    MongoServer server = new MongoServer(backend);
    server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    Thread.sleep(Long.MAX_VALUE);
  }
}

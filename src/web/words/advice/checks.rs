//! What the records page tells to check, one after the other. English, and Spanish.

pub(super) const CHECKS: &[(&str, &str)] = &[
    // For many.
    (
        "Look for the call at its time in Epic's Interconnect log: it shows what arrived.",
        "Busque la llamada por su hora en el registro de Interconnect de Epic: muestra lo que llegó.",
    ),
    (
        "Ask whether a gateway or firewall between us and Epic changes the request on its way.",
        "Pregunte si una pasarela o un firewall entre nosotros y Epic cambia la solicitud por el camino.",
    ),
    (
        "Compare the CONTEXT line of the FDI record with the one on this organization's page of FDI records.",
        "Compare la línea CONTEXT del registro FDI con la de la página de registros FDI de esta organización.",
    ),
    // For Epic's codes.
    (
        "Compare status_path with the address of the service in Epic's build.",
        "Compare status_path con la dirección del servicio configurada en Epic.",
    ),
    (
        "Look which field of the bodies under telehealth_2020 has {conference_id}.",
        "Mire qué campo de los cuerpos de telehealth_2020 lleva {conference_id}.",
    ),
    (
        "Look whether the CONTEXT line of the FDI record carries externalid.",
        "Mire si la línea CONTEXT del registro FDI lleva externalid.",
    ),
    (
        "Look which field of the bodies under telehealth_2020 has {external_id}.",
        "Mire qué campo de los cuerpos de telehealth_2020 lleva {external_id}.",
    ),
    (
        "Look whether external_id_types has a value for the role of this record.",
        "Mire si external_id_types tiene un valor para el rol de este registro.",
    ),
    (
        "Look which field of the bodies under telehealth_2020 has {external_id_type}.",
        "Mire qué campo de los cuerpos de telehealth_2020 lleva {external_id_type}.",
    ),
    ("Look whether vendor_name is set.", "Mire si vendor_name está puesto."),
    (
        "Look which field of the bodies under telehealth_2020 has {vendor_name}.",
        "Mire qué campo de los cuerpos de telehealth_2020 lleva {vendor_name}.",
    ),
    ("Look whether status_values has both values.", "Mire si status_values tiene los dos valores."),
    (
        "Look whether each call under telehealth_2020 says that somebody connects or disconnects.",
        "Mire si cada llamada de telehealth_2020 dice que alguien se conecta o se desconecta.",
    ),
    (
        "Look whether the CONTEXT line has csn=%CSN%, and for group visits conferenceid=%CONFERENCEID%.",
        "Mire si la línea CONTEXT tiene csn=%CSN%, y en visitas de grupo conferenceid=%CONFERENCEID%.",
    ),
    (
        "Look whether telehealth_base_url is of the same Epic environment as the launch: test or production.",
        "Mire si telehealth_base_url es del mismo entorno de Epic desde el que se abrió la visita: prueba o producción.",
    ),
    (
        "Look in Epic whether the appointment was moved or cancelled, so that the number is of none any more.",
        "Mire en Epic si la cita se movió o se canceló, de modo que el número ya no es de ninguna.",
    ),
    (
        "Look whether externalid in the CONTEXT line holds the EMP id for providers and the WPR id for patients.",
        "Mire si externalid en la línea CONTEXT lleva el ID de EMP para proveedores y el ID de WPR para pacientes.",
    ),
    (
        "Compare external_id_types with Epic's build: an id under another type is another person's.",
        "Compare external_id_types con lo configurado en Epic: un ID de otro tipo es de otra persona.",
    ),
    (
        "Look in Epic whether this person belongs to the appointment, as a proxy or another provider may not.",
        "Mire en Epic si esta persona pertenece a la cita; puede que un familiar u otro proveedor no.",
    ),
    (
        "Compare external_id_types with Epic's build, for providers and for patients.",
        "Compare external_id_types con lo configurado en Epic, para proveedores y para pacientes.",
    ),
    ("Compare status_values with Epic's build.", "Compare status_values con lo configurado en Epic."),
    (
        "Compare path and body of each call under telehealth_2020 with Epic's build.",
        "Compare la ruta y el cuerpo de cada llamada de telehealth_2020 con lo configurado en Epic.",
    ),
    (
        "Wait: somebody has the appointment open in Epic, and it is tried again.",
        "Espere: alguien tiene la cita abierta en Epic, y se intenta de nuevo.",
    ),
    (
        "Where it goes on for long, look in Epic who holds the appointment, and have it closed.",
        "Si dura mucho, mire en Epic quién tiene la cita abierta y haga que la cierre.",
    ),
    // Where no answer came.
    (
        "Look whether other records of this time have no answer either: then Epic or the network is away.",
        "Mire si otros registros de esta hora tampoco tienen respuesta: entonces falla Epic o la red.",
    ),
    (
        "Look whether telehealth_base_url and oauth_base_url can be reached from this machine: name, firewall, proxy.",
        "Mire si desde esta máquina se llega a telehealth_base_url y oauth_base_url: nombre, firewall, proxy.",
    ),
    (
        "Look whether Epic's certificate is one that this machine trusts, and has not run out.",
        "Mire si esta máquina confía en el certificado de Epic y si no ha caducado.",
    ),
    (
        "Look how long Epic takes in other records: close to the setting timeout, it is too short or Epic too slow.",
        "Mire cuánto tarda Epic en otros registros: si es casi tanto como el ajuste timeout, este es demasiado corto o Epic demasiado lento.",
    ),
    (
        "Run `vestibule check`: it asks for a token and says what is wrong with client id, key or clock.",
        "Ejecute `vestibule check`: pide un token y dice qué está mal con el ID de cliente, la clave o el reloj.",
    ),
    // For statuses without a code that we know.
    (
        "Look whether telehealth_base_url is the web service itself and no sign-in page before it.",
        "Mire si telehealth_base_url es el servicio web mismo y no una página de inicio de sesión delante de él.",
    ),
    (
        "Look whether it begins with https, so that nothing leads from http there.",
        "Mire si empieza por https, para que nada lleve allí desde http.",
    ),
    (
        "Look whether the client id is enabled in this Epic environment; after a change it may take hours.",
        "Mire si el ID de cliente está habilitado en este entorno de Epic; después de un cambio puede tardar horas.",
    ),
    (
        "Look whether Epic has the public key of the first private key file, or whether status_user is right.",
        "Mire si Epic tiene la clave pública del primer archivo de clave privada, o si status_user es correcto.",
    ),
    (
        "Look whether the client may use the status service, and not only FHIR.",
        "Mire si el cliente puede usar el servicio de estado, y no solo FHIR.",
    ),
    (
        "Compare this machine's clock with a time server.",
        "Compare el reloj de esta máquina con un servidor de hora.",
    ),
    (
        "Look whether the client id is licensed for the status service.",
        "Mire si el ID de cliente tiene licencia para el servicio de estado.",
    ),
    (
        "Look whether Epic's Interconnect lets this client, or this machine's address, use that service.",
        "Mire si el Interconnect de Epic deja usar ese servicio a este cliente, o a la dirección de esta máquina.",
    ),
    (
        "Compare telehealth_base_url with Epic's build: host, instance and whether it is test or production.",
        "Compare telehealth_base_url con lo configurado en Epic: servidor, instancia y si es prueba o producción.",
    ),
    ("Compare status_path with Epic's build.", "Compare status_path con lo configurado en Epic."),
    (
        "Compare method and path of the calls under telehealth_2020 with Epic's build.",
        "Compare el método y la ruta de las llamadas de telehealth_2020 con lo configurado en Epic.",
    ),
    (
        "Ask Epic's people whether the service is switched on in this Interconnect.",
        "Pregunte al equipo de Epic si el servicio está activado en este Interconnect.",
    ),
    ("Wait: it is tried again when Epic says.", "Espere: se intenta de nuevo cuando Epic lo diga."),
    (
        "Lower requests_per_second and concurrent_requests where it happens daily.",
        "Baje requests_per_second y concurrent_requests si pasa todos los días.",
    ),
    (
        "Ask what else uses this client id or this Interconnect.",
        "Pregunte qué más usa este ID de cliente o este Interconnect.",
    ),
    (
        "Look whether other records of this time fail too: then Epic, or a gateway before it, has trouble and it is tried again.",
        "Mire si otros registros de esta hora también fallan: entonces Epic, o una pasarela delante de él, tiene problemas y se intenta de nuevo.",
    ),
    (
        "Ask Epic's people whether maintenance is under way.",
        "Pregunte al equipo de Epic si hay un mantenimiento en curso.",
    ),
    (
        "Compare the calls under telehealth_2020 with Epic's build: method, path and body.",
        "Compare las llamadas de telehealth_2020 con lo configurado en Epic: método, ruta y cuerpo.",
    ),
];
